package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	keysURL, macKeyFile := os.Getenv("GATEWAY_KEYS_URL"), os.Getenv("GATEWAY_MAC_KEY_FILE")
	if keysURL == "" && macKeyFile == "" {
		log.Fatal("neither GATEWAY_MAC_KEY_FILE nor GATEWAY_KEYS_URL is set; give the file of the keys that the authz " +
			"server shares with this backend, the URL of its public keys, or both")
	}
	acceptUnbound := os.Getenv("ACCEPT_UNBOUND_ASSERTIONS") == "true"
	verifier, err := NewVerifier(context.Background(), keysURL, macKeyFile, "orders", acceptUnbound)
	if err != nil {
		log.Fatalf("GATEWAY_KEYS_URL or GATEWAY_MAC_KEY_FILE: %v", err)
	}
	address := os.Getenv("LISTEN")
	if address == "" {
		address = "127.0.0.1:8010"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatalf("LISTEN: %v", err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	server := &http.Server{Handler: orders(verifier), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}

// orders is a handler and not a mux, because a mux cleans paths and redirects before the assertion is verified.
func orders(verifier *Verifier) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		lines := request.Header.Values("X-Portcullis-Assertion")
		// RequestURI is the target as received; URL.Path is decoded.
		claims, denied := verifier.Verify(lines, request.Method, request.RequestURI)
		switch {
		case denied != nil:
		case request.URL.Path != "/orders":
			denied = &Denied{404, "not_found", "there is nothing here"}
		case request.Method != http.MethodGet:
			response.Header().Set("Allow", http.MethodGet)
			denied = &Denied{405, "method_not_allowed", "orders can be read"}
		}
		if denied != nil {
			problem(response, denied)
			return
		}
		caller := map[string]any{"tenant": claims.Tenant, "objectId": claims.ObjectID, "kind": claims.Kind,
			"roles": claims.Roles, "scopes": claims.Scopes}
		send(response, 200, "application/json", map[string]any{"caller": caller, "orders": []any{}})
	}
}

func problem(response http.ResponseWriter, denied *Denied) {
	if denied.Status == http.StatusUnauthorized {
		response.Header().Set("WWW-Authenticate", "Bearer")
	}
	send(response, denied.Status, "application/problem+json", map[string]any{"status": denied.Status,
		"title": http.StatusText(denied.Status), "detail": denied.Detail, "reason": denied.Reason})
}

func send(response http.ResponseWriter, status int, mediaType string, body any) {
	response.Header().Set("Content-Type", mediaType)
	response.WriteHeader(status)
	if err := json.NewEncoder(response).Encode(body); err != nil {
		log.Printf("cannot send the answer: %v", err)
	}
}
