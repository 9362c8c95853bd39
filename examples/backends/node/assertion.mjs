// Verifies the assertion of one request. Works in every framework; needs jose.

import { createHmac } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const LIFETIME = 60; // seconds
const SKEW = 5; // seconds
const POLL = 2_000; // milliseconds between two fetches of the public keys: a removed key stops verifying within them
const REQUIRED = ['exp', 'tid', 'oid', 'kind', 'roles', 'scopes'];

export class Denied extends Error {
  constructor(status, reason, detail, cause) {
    super(detail, { cause });
    Object.assign(this, { status, reason, detail });
  }
}

// Returns `verify(lines, method, target)`, which resolves to the claims or throws Denied. `lines`: all values of the header.
// `target`: path and query, byte for byte as received.
// Give the URL of the public keys (ES256), the file of MAC keys (HS256), or both.
export function verifier(keysUrl, upstream, { acceptUnbound = false, macKeyFile } = {}) {
  const byPublicKey = keysUrl && publicKeys(keysUrl);
  const byMac = macKeyFile && macKeys(macKeyFile);
  // Chooses keys by algorithm, so that no public key ever verifies a MAC.
  const key = (header, token) => (header.alg === 'HS256' ? byMac(header) : byPublicKey(header, token));
  const options = {
    algorithms: [byPublicKey && 'ES256', byMac && 'HS256'].filter(Boolean), issuer: 'portcullis', audience: upstream,
    maxTokenAge: LIFETIME, clockTolerance: SKEW, requiredClaims: REQUIRED,
  };
  return async function verify(lines, method, target) {
    if (lines.length === 0) throw new Denied(401, 'assertion_missing', 'the request has no assertion; call through the gateway');
    if (lines.length > 1) throw new Denied(401, 'assertion_not_genuine', 'the request has more than one assertion');
    const { payload: claims } = await jwtVerify(lines[0], key, options).catch((error) => {
      throw denial(error);
    });
    const { htm, htu, jti } = claims;
    if (htm === undefined && htu === undefined && jti === undefined) {
      if (!acceptUnbound) throw new Denied(401, 'assertion_not_bound', 'the assertion is not bound to a request');
    } else if (htm !== method || htu !== target) {
      throw new Denied(401, 'assertion_for_other_request', 'the assertion is for another request');
    }
    return claims;
  };
}

// The public keys, of which the last good ones serve for an hour. An unknown kid triggers a fetch, because a restarted authz
// server has a new key, but at most once a second, whatever clients send.
function publicKeys(url) {
  const keys = createRemoteJWKSet(new URL(url), { cacheMaxAge: 3_600_000, cooldownDuration: 1_000, timeoutDuration: 2_000 });
  setInterval(() => keys.reload().catch(() => {}), POLL).unref();
  return keys;
}

// The keys that this backend shares with the authz server, by key id. They are reloaded when the file changes.
function macKeys(file) {
  let seen, keys;
  const read = () => {
    const { ino, mtimeNs, size } = statSync(file, { bigint: true });
    const now = `${ino} ${mtimeNs} ${size}`;
    if (now === seen) return;
    const encoded = readFileSync(file, 'ascii').split('\n').map((line) => line.split('#')[0].trim()).filter(Boolean);
    seen = now; // An error of a file is logged once.
    const malformed = encoded.length === 0 || encoded.some((key) => !/^[\w+/-]{43,}=*$/.test(key));
    if (malformed) throw new Error('holds no key, or a key of fewer than 32 bytes');
    keys = new Map(encoded.map((key) => Buffer.from(key, 'base64')).map((key) => [keyId(key), key]));
  };
  read();
  return ({ kid }) => {
    try {
      read();
    } catch (error) {
      console.error(`${file}: ${error.message}; the last good keys stay in force`);
    }
    const key = keys.get(kid);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  };
}

function keyId(key) {
  return createHmac('sha256', key).update('portcullis assertion key id').digest().subarray(0, 16).toString('base64url');
}

// Errors of jose's verification. All others (no connection, a status other than 200, no key set) are from fetching keys.
const NOT_GENUINE = [
  errors.JWSInvalid, errors.JWTInvalid, errors.JWSSignatureVerificationFailed, errors.JWTClaimValidationFailed,
  errors.JOSEAlgNotAllowed, errors.JOSENotSupported, errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys,
];

function denial(error) {
  const unequal = error.reason === 'check_failed' && error.claim;
  if (error instanceof errors.JWTExpired || unequal === 'iat')
    return new Denied(401, 'assertion_out_of_time', 'expired or from the future; compare the clocks', error);
  if (unequal === 'aud')
    return new Denied(401, 'assertion_for_other_upstream', 'the assertion is for another upstream', error);
  if (NOT_GENUINE.some((kind) => error instanceof kind))
    return new Denied(401, 'assertion_not_genuine', "the assertion is not the authz server's", error);
  return new Denied(503, 'gateway_keys_unavailable', "the authz server's keys are unavailable; try again", error);
}
