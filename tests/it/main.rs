//! Jeton from outside: each module is a capability, each test a sentence about the product.

mod http;
