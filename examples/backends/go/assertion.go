// Verifies the gate's assertion about one request. Works in every framework; needs golang-jwt and keyfunc.
package main

import (
	"context"
	"errors"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

const lifetime, skew = 60 * time.Second, 5 * time.Second

// Claims are what the gate vouches for. The gate leaves out the method and the target where it binds to no request.
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

// Refused says why a request is not let in.
type Refused struct {
	Status         int
	Reason, Detail string
}

// Verifier verifies assertions for one upstream.
type Verifier struct {
	keys          keyfunc.Keyfunc
	parser        *jwt.Parser
	unboundWillDo bool
}

// NewVerifier fetches the keys every five minutes. A restarted gate has a new key: an unknown one is asked for,
// but not more than once a second, whatever clients send.
func NewVerifier(ctx context.Context, keysURL, upstream string, unboundWillDo bool) (*Verifier, error) {
	keys, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{keysURL}, keyfunc.Override{
		RefreshInterval: 5 * time.Minute, HTTPTimeout: 2 * time.Second,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(time.Second), 1), RateLimitWaitMax: 2 * time.Second,
	})
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer("portcullis"), jwt.WithAudience(upstream),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(skew), jwt.WithStrictDecoding())
	return &Verifier{keys, parser, unboundWillDo}, err
}

// Verify takes all values of the header, and path and query byte for byte as received.
func (v *Verifier) Verify(lines []string, method, target string) (*Claims, *Refused) {
	if len(lines) == 0 {
		return nil, &Refused{401, "assertion_missing", "no assertion came; call through the gateway"}
	}
	if len(lines) > 1 {
		return nil, &Refused{401, "assertion_not_genuine", "more than one assertion came"}
	}
	claims := &Claims{}
	_, err := v.parser.ParseWithClaims(lines[0], claims, v.keys.Keyfunc)
	unbound := claims.Method == "" && claims.Target == "" && claims.ID == ""
	switch known, _ := v.keys.Storage().KeyReadAll(context.Background()); {
	case len(known) == 0:
		return nil, &Refused{503, "gateway_keys_unavailable", "the gate's keys are not at hand; try again"}
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return nil, &Refused{401, "assertion_out_of_time", "expired, or from the future; compare the clocks"}
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return nil, &Refused{401, "assertion_for_other_upstream", "the assertion is for another upstream"}
	case err != nil, claims.IssuedAt == nil, claims.Tenant == "", claims.ObjectID == "", claims.Kind == "",
		claims.Roles == nil, claims.Scopes == nil:
		return nil, &Refused{401, "assertion_not_genuine", "the assertion is not the gate's"}
	case time.Since(claims.IssuedAt.Time) >= lifetime+skew:
		return nil, &Refused{401, "assertion_out_of_time", "the assertion is too old"}
	case unbound && !v.unboundWillDo:
		return nil, &Refused{401, "assertion_not_bound", "the assertion is not bound to a request"}
	case !unbound && (claims.Method != method || claims.Target != target):
		return nil, &Refused{401, "assertion_for_other_request", "the assertion is for another request than this one"}
	}
	return claims, nil
}
