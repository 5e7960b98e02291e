// Command client_credentials fetches a token with golang.org/x/oauth2, which form-encodes Basic with
// QueryEscape and, left to itself, tries the header first and then the body.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

var styles = map[string]oauth2.AuthStyle{
	"auto":  oauth2.AuthStyleAutoDetect,
	"basic": oauth2.AuthStyleInHeader,
	"body":  oauth2.AuthStyleInParams,
}

func main() {
	style, offered := styles[os.Getenv("AUTH")]
	if !offered {
		check(errors.New("this library does not offer AUTH=" + os.Getenv("AUTH")))
	}
	config := clientcredentials.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		TokenURL:     tokenEndpoint(),
		Scopes:       strings.Fields(os.Getenv("SCOPE")),
		AuthStyle:    style,
	}
	if resource := os.Getenv("RESOURCE"); resource != "" {
		config.EndpointParams = url.Values{"resource": {resource}}
	}
	token, err := config.Token(context.Background())
	var refusal *oauth2.RetrieveError
	if errors.As(err, &refusal) {
		refused(refusal)
	}
	check(err)
	print(map[string]interface{}{
		"access_token": token.AccessToken,
		"token_type":   token.Type(),
		"expires_in":   int(time.Until(token.Expiry).Seconds() + 0.5),
		"scope":        token.Extra("scope"),
	})
}

func tokenEndpoint() string {
	response, err := http.Get(os.Getenv("ISSUER") + "/.well-known/oauth-authorization-server")
	check(err)
	defer response.Body.Close()
	var metadata struct {
		TokenEndpoint string `json:"token_endpoint"`
	}
	check(json.NewDecoder(response.Body).Decode(&metadata))
	return metadata.TokenEndpoint
}

func refused(refusal *oauth2.RetrieveError) {
	var body struct {
		Error string `json:"error"`
	}
	check(json.Unmarshal(refusal.Body, &body))
	print(map[string]interface{}{"error": body.Error, "status": refusal.Response.StatusCode})
	os.Exit(1)
}

func print(line map[string]interface{}) {
	check(json.NewEncoder(os.Stdout).Encode(line))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
