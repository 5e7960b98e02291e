//! Floor 0: what the server needs of cryptography, and nothing else.
