// Verifies the gate's assertion about one request. Works in every framework; needs jose.

import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const LIFETIME = 60; // seconds
const SKEW = 5; // seconds
const REQUIRED = ['exp', 'tid', 'oid', 'kind', 'roles', 'scopes'];

export class Refused extends Error {
  constructor(status, reason, detail, cause) {
    super(detail, { cause });
    Object.assign(this, { status, reason, detail });
  }
}

// `verify(lines, method, target)` gives the claims or throws Refused. `lines`: all values of the header.
// `target`: path and query, byte for byte as received.
export function verifier(keysUrl, upstream, { unboundWillDo = false } = {}) {
  // A restarted gate has a new key: ask for an unknown one, but not more than once a second, whatever clients send.
  const keys = createRemoteJWKSet(new URL(keysUrl), { cacheMaxAge: 300_000, cooldownDuration: 1_000, timeoutDuration: 2_000 });
  const options = {
    algorithms: ['ES256'], issuer: 'portcullis', audience: upstream,
    maxTokenAge: LIFETIME, clockTolerance: SKEW, requiredClaims: REQUIRED,
  };
  return async function verify(lines, method, target) {
    if (lines.length === 0) throw new Refused(401, 'assertion_missing', 'no assertion came; call through the gateway');
    if (lines.length > 1) throw new Refused(401, 'assertion_not_genuine', 'more than one assertion came');
    const { payload: claims } = await jwtVerify(lines[0], keys, options).catch((error) => {
      throw refusal(error);
    });
    const { htm, htu, jti } = claims;
    if (htm === undefined && htu === undefined && jti === undefined) {
      if (!unboundWillDo) throw new Refused(401, 'assertion_not_bound', 'the assertion is not bound to a request');
    } else if (htm !== method || htu !== target) {
      throw new Refused(401, 'assertion_for_other_request', 'the assertion is for another request than this one');
    }
    return claims;
  };
}

// What jose throws while it verifies. Anything else (no connection, another status than 200, no key set) came from fetching keys.
const NOT_GENUINE = [
  errors.JWSInvalid, errors.JWTInvalid, errors.JWSSignatureVerificationFailed, errors.JWTClaimValidationFailed,
  errors.JOSEAlgNotAllowed, errors.JOSENotSupported, errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys,
];

function refusal(error) {
  const unequal = error.reason === 'check_failed' && error.claim;
  if (error instanceof errors.JWTExpired || unequal === 'iat')
    return new Refused(401, 'assertion_out_of_time', 'expired, or from the future; compare the clocks', error);
  if (unequal === 'aud')
    return new Refused(401, 'assertion_for_other_upstream', 'the assertion is for another upstream', error);
  if (NOT_GENUINE.some((kind) => error instanceof kind))
    return new Refused(401, 'assertion_not_genuine', "the assertion is not the gate's", error);
  return new Refused(503, 'gateway_keys_unavailable', "the gate's keys are not at hand; try again", error);
}
