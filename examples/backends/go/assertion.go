// Verifies the assertion of one request. Works in every framework; needs golang-jwt and keyfunc.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

const lifetime, skew = 60 * time.Second, 5 * time.Second

var errNoKeys = errors.New("no public keys could be fetched yet")

// Claims are the claims of an assertion. An unbound assertion has no method and no target.
type Claims struct {
	Tenant   string   `json:"tid"`
	ObjectID string   `json:"oid"`
	Kind     string   `json:"kind"`
	Roles    []string `json:"roles"`
	Scopes   []string `json:"scopes"`
	Method   string   `json:"htm"`
	Target   string   `json:"htu"`
	jwt.RegisteredClaims
}

// Denied is the answer to a request that is denied: its status, reason code and detail.
type Denied struct {
	Status         int
	Reason, Detail string
}

// Verifier verifies assertions for one upstream.
type Verifier struct {
	public        keyfunc.Keyfunc
	mac           *macKeys
	parser        *jwt.Parser
	acceptUnbound bool
}

// NewVerifier takes the URL of the public keys (ES256), the file of MAC keys (HS256), or both. It fetches the public keys
// every two seconds, so that a removed key stops verifying within that time. It also fetches them for an unknown kid, because
// a restarted authz server has a new key, but at most once a second, whatever clients send.
func NewVerifier(ctx context.Context, keysURL, macKeyFile, upstream string, acceptUnbound bool) (*Verifier, error) {
	v := &Verifier{acceptUnbound: acceptUnbound}
	var algorithms []string
	var ofURL, ofFile error
	if keysURL != "" {
		algorithms = append(algorithms, "ES256")
		v.public, ofURL = keyfunc.NewDefaultOverrideCtx(ctx, []string{keysURL}, keyfunc.Override{
			RefreshInterval: 2 * time.Second, HTTPTimeout: 2 * time.Second,
			RefreshUnknownKID: rate.NewLimiter(rate.Every(time.Second), 1), RateLimitWaitMax: 2 * time.Second,
		})
	}
	if macKeyFile != "" {
		algorithms = append(algorithms, "HS256")
		v.mac = &macKeys{file: macKeyFile}
		ofFile = v.mac.read()
	}
	v.parser = jwt.NewParser(jwt.WithValidMethods(algorithms), jwt.WithIssuer("portcullis"), jwt.WithAudience(upstream),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(skew), jwt.WithStrictDecoding())
	return v, errors.Join(ofURL, ofFile)
}

// key chooses keys by algorithm, so that no public key ever verifies a MAC.
func (v *Verifier) key(token *jwt.Token) (any, error) {
	if token.Method.Alg() == "HS256" {
		return v.mac.key(token.Header["kid"])
	}
	if known, _ := v.public.Storage().KeyReadAll(context.Background()); len(known) == 0 {
		return nil, errNoKeys
	}
	return v.public.Keyfunc(token)
}

// macKeys are the keys that this backend shares with the authz server, by key id. They are reloaded when the file changes.
type macKeys struct {
	file string
	lock sync.Mutex
	seen os.FileInfo
	keys map[string][]byte
}

func (m *macKeys) key(id any) ([]byte, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if err := m.read(); err != nil {
		log.Printf("%s: %v; the last good keys stay in force", m.file, err)
	}
	name, _ := id.(string)
	if key, known := m.keys[name]; known {
		return key, nil
	}
	return nil, errors.New("no shared key has this kid")
}

func (m *macKeys) read() error {
	now, err := os.Stat(m.file)
	if err != nil {
		return err
	}
	if m.seen != nil && os.SameFile(now, m.seen) && now.ModTime().Equal(m.seen.ModTime()) && now.Size() == m.seen.Size() {
		return nil
	}
	text, err := os.ReadFile(m.file)
	if err != nil {
		return err
	}
	m.seen = now // An error of a file is logged once.
	keys := map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimRight(strings.TrimSpace(line), "="); line == "" {
			continue
		}
		key, err := base64.RawURLEncoding.Strict().DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(line))
		if err != nil || len(key) < 32 {
			return errors.New("holds a line that is not a key of at least 32 bytes in base64")
		}
		keys[keyID(key)] = key
	}
	if len(keys) == 0 {
		return errors.New("holds no key")
	}
	m.keys = keys
	return nil
}

func keyID(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("portcullis assertion key id"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// Verify returns the claims of a request's assertion. It takes all values of the header, and path and query byte for byte
// as received.
func (v *Verifier) Verify(lines []string, method, target string) (*Claims, *Denied) {
	if len(lines) == 0 {
		return nil, &Denied{401, "assertion_missing", "the request has no assertion; call through the gateway"}
	}
	if len(lines) > 1 {
		return nil, &Denied{401, "assertion_not_genuine", "the request has more than one assertion"}
	}
	claims := &Claims{}
	_, err := v.parser.ParseWithClaims(lines[0], claims, v.key)
	unbound := claims.Method == "" && claims.Target == "" && claims.ID == ""
	switch {
	case errors.Is(err, errNoKeys):
		return nil, &Denied{503, "gateway_keys_unavailable", "the authz server's keys are unavailable; try again"}
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return nil, &Denied{401, "assertion_out_of_time", "expired or from the future; compare the clocks"}
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return nil, &Denied{401, "assertion_for_other_upstream", "the assertion is for another upstream"}
	case err != nil, claims.IssuedAt == nil, claims.Tenant == "", claims.ObjectID == "", claims.Kind == "",
		claims.Roles == nil, claims.Scopes == nil:
		return nil, &Denied{401, "assertion_not_genuine", "the assertion is not the authz server's"}
	case time.Since(claims.IssuedAt.Time) >= lifetime+skew:
		return nil, &Denied{401, "assertion_out_of_time", "the assertion is too old"}
	case unbound && !v.acceptUnbound:
		return nil, &Denied{401, "assertion_not_bound", "the assertion is not bound to a request"}
	case !unbound && (claims.Method != method || claims.Target != target):
		return nil, &Denied{401, "assertion_for_other_request", "the assertion is for another request"}
	}
	return claims, nil
}
