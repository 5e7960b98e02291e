// Command go_oidc verifies a token with github.com/coreos/go-oidc, which finds the keys through
// /.well-known/openid-configuration.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	oidc "github.com/coreos/go-oidc"
)

func main() {
	raw, err := io.ReadAll(os.Stdin)
	check(err)
	provider, err := oidc.NewProvider(context.Background(), os.Getenv("ISSUER"))
	check(err)
	verifier := provider.Verifier(&oidc.Config{
		ClientID:             os.Getenv("AUDIENCE"), // what go-oidc calls the audience it expects
		SupportedSigningAlgs: []string{"ES256", "RS256", "PS256", "EdDSA"},
	})
	token, err := verifier.Verify(context.Background(), strings.TrimSpace(string(raw)))
	check(err)
	var claims map[string]interface{}
	check(token.Claims(&claims))
	check(json.NewEncoder(os.Stdout).Encode(claims))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
