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
	unboundWillDo := os.Getenv("ACCEPT_ASSERTIONS_GOOD_FOR_ANY_REQUEST") == "true"
	verifier, err := NewVerifier(context.Background(), keysURL, macKeyFile, "orders", unboundWillDo)
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

// A handler, not a mux: a mux cleans paths and redirects before anything is verified.
func orders(verifier *Verifier) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		lines := request.Header.Values("X-Portcullis-Assertion")
		// RequestURI is what was received; URL.Path is decoded.
		claims, refused := verifier.Verify(lines, request.Method, request.RequestURI)
		switch {
		case refused != nil:
		case request.URL.Path != "/orders":
			refused = &Refused{404, "not_found", "there is nothing here"}
		case request.Method != http.MethodGet:
			response.Header().Set("Allow", http.MethodGet)
			refused = &Refused{405, "method_not_allowed", "orders can be read"}
		}
		if refused != nil {
			problem(response, refused)
			return
		}
		caller := map[string]any{"tenant": claims.Tenant, "objectId": claims.ObjectID, "kind": claims.Kind,
			"roles": claims.Roles, "scopes": claims.Scopes}
		send(response, 200, "application/json", map[string]any{"caller": caller, "orders": []any{}})
	}
}

func problem(response http.ResponseWriter, refused *Refused) {
	if refused.Status == http.StatusUnauthorized {
		response.Header().Set("WWW-Authenticate", "Bearer")
	}
	send(response, refused.Status, "application/problem+json", map[string]any{"status": refused.Status,
		"title": http.StatusText(refused.Status), "detail": refused.Detail, "reason": refused.Reason})
}

func send(response http.ResponseWriter, status int, mediaType string, body any) {
	response.Header().Set("Content-Type", mediaType)
	response.WriteHeader(status)
	if err := json.NewEncoder(response).Encode(body); err != nil {
		log.Printf("the answer was not sent: %v", err)
	}
}
