// One flow of a client for Node.js: node flows.mjs NAME. It prints the access token, and asks for what a browser returns by a line
// on standard output that begins with "open ".
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline/promises';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const installed = createRequire(`${process.env.NODE_CLIENTS}/package.json`);
const load = async (name) => import(pathToFileURL(installed.resolve(name)));
const { AUTHORITY, TENANT, API, PUBLIC, API_SCOPE, DOWNSTREAM_SCOPE, PEM, WORKLOAD_TOKEN, USER_TOKEN } = process.env;
const authority = `${AUTHORITY}/${TENANT}`;
/** Options of the client that a test adds. */
const options = JSON.parse(process.env.OPTIONS ?? '{}');
const lines = createInterface({ input: process.stdin });
const pem = PEM && readFileSync(PEM, 'utf8');

/** What the user's browser returns for `url`, as a URL with the path of the redirect URI. */
async function open(url, path = '/') {
  console.log(`open ${url}`);
  const returned = new URL((await lines[Symbol.asyncIterator]().next()).value);
  returned.pathname = path;
  return returned;
}

async function msalNode(auth) {
  const msal = await load('@azure/msal-node');
  const kind = auth ? msal.ConfidentialClientApplication : msal.PublicClientApplication;
  return [new kind({ auth: { clientId: auth ? API : PUBLIC, authority, ...auth, ...options } }), msal];
}

const certificate = async () => {
  const { X509Certificate, createHash } = await import('node:crypto');
  const thumbprintSha256 = createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
  return { clientCertificate: { thumbprintSha256, privateKey: pem, x5c: pem } };
};

async function openid(secret) {
  const client = await load('openid-client');
  const id = secret ? API : PUBLIC;
  const config = await client.discovery(new URL(`${authority}/v2.0`), id, secret, secret ? undefined : client.None());
  return [client, config];
}

const flows = {
  async 'msal-node code'() {
    const [client, { CryptoProvider }] = await msalNode();
    const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
    const request = { scopes: [API_SCOPE], redirectUri: 'http://localhost:41000/' };
    const url = await client.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: 'S256' });
    const code = (await open(url)).searchParams.get('code');
    const first = await client.acquireTokenByCode({ ...request, code, codeVerifier: verifier });
    const again = await client.acquireTokenSilent({ scopes: [API_SCOPE], account: first.account });
    if (!again.fromCache) throw new Error('the token is not found in the cache by its scopes');
    return client.acquireTokenSilent({ scopes: [API_SCOPE], account: first.account, forceRefresh: true });
  },
  async 'msal-node device code'() {
    const [client] = await msalNode();
    return client.acquireTokenByDeviceCode({
      scopes: [API_SCOPE],
      deviceCodeCallback: ({ verificationUri, userCode }) => console.log(`device ${verificationUri} ${userCode}`),
    });
  },
  async 'msal-node secret'() {
    const [client] = await msalNode({ clientSecret: 'api-secret' });
    return client.acquireTokenByClientCredential({ scopes: ['api://downstream/.default'] });
  },
  async 'msal-node certificate'() {
    const [client] = await msalNode(await certificate());
    return client.acquireTokenByClientCredential({ scopes: ['api://downstream/.default'] });
  },
  async 'msal-node on behalf of'() {
    const [client] = await msalNode({ clientSecret: 'api-secret' });
    return client.acquireTokenOnBehalfOf({ oboAssertion: USER_TOKEN, scopes: [DOWNSTREAM_SCOPE] });
  },
  async '@azure/identity secret'() {
    const { ClientSecretCredential } = await load('@azure/identity');
    return new ClientSecretCredential(TENANT, API, 'api-secret', options).getToken('api://downstream/.default');
  },
  async '@azure/identity certificate'() {
    const { ClientCertificateCredential } = await load('@azure/identity');
    return new ClientCertificateCredential(TENANT, API, { certificatePath: PEM }).getToken('api://downstream/.default');
  },
  async '@azure/identity workload identity'() {
    const { WorkloadIdentityCredential } = await load('@azure/identity');
    const credential = new WorkloadIdentityCredential({ tenantId: TENANT, clientId: API, tokenFilePath: WORKLOAD_TOKEN });
    return credential.getToken('api://downstream/.default');
  },
  async '@azure/identity on behalf of'() {
    const { OnBehalfOfCredential } = await load('@azure/identity');
    const credential = new OnBehalfOfCredential({
      tenantId: TENANT, clientId: API, clientSecret: 'api-secret', userAssertionToken: USER_TOKEN,
    });
    return credential.getToken(DOWNSTREAM_SCOPE);
  },
  async '@azure/identity device code'() {
    const { DeviceCodeCredential } = await load('@azure/identity');
    const credential = new DeviceCodeCredential({
      tenantId: TENANT, clientId: PUBLIC,
      userPromptCallback: ({ verificationUri, userCode }) => console.log(`device ${verificationUri} ${userCode}`),
    });
    return credential.getToken(API_SCOPE);
  },
  async 'openid-client code'() {
    const [client, config] = await openid();
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedNonce = client.randomNonce();
    const expectedState = client.randomState();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: 'http://localhost:41000/', scope: `openid offline_access ${API_SCOPE}`, nonce: expectedNonce,
      state: expectedState, code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
    });
    const tokens = await client.authorizationCodeGrant(config, await open(url), { pkceCodeVerifier, expectedNonce, expectedState });
    return client.refreshTokenGrant(config, tokens.refresh_token);
  },
  async 'openid-client user info'() {
    const [client, config] = await openid('api-secret');
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: 'http://localhost:41000/web', scope: 'openid profile email',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
    });
    const tokens = await client.authorizationCodeGrant(config, await open(url, '/web'), { pkceCodeVerifier });
    const user = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    if (user.email !== 'ada@contoso.example' || user.name !== 'Ada Admin') throw new Error(JSON.stringify(user));
    return tokens;
  },
  async 'openid-client client credentials'() {
    const [client, config] = await openid('api-secret');
    return client.clientCredentialsGrant(config, { scope: 'api://downstream/.default' });
  },
  async 'openid-client on behalf of'() {
    const [client, config] = await openid('api-secret');
    return client.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:jwt-bearer', {
      requested_token_use: 'on_behalf_of', assertion: USER_TOKEN, scope: DOWNSTREAM_SCOPE,
    });
  },
  async 'openid-client device code'() {
    const [client, config] = await openid();
    const device = await client.initiateDeviceAuthorization(config, { scope: `openid ${API_SCOPE}` });
    console.log(`device ${device.verification_uri} ${device.user_code}`);
    return client.pollDeviceAuthorizationGrant(config, device);
  },
};

const result = await flows[process.argv[2]]();
console.log(`token ${result.accessToken ?? result.token ?? result.access_token}`);
process.exit(0);
