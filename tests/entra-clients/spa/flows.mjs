// Flows of MSAL.js in Chromium: node flows.mjs VERSION. Prints a line "ok NAME" or "failed NAME: error" for each.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const installed = createRequire(`${process.env.NODE_CLIENTS}/package.json`);
const { chromium } = installed('playwright-core');
const { AUTHORITY, TENANT, PUBLIC, API, API_SCOPE, STRICT_SCOPE, CHROMIUM } = process.env;
const version = process.argv[2];
const packageOf = { 4: 'msal-browser-4', 5: '@azure/msal-browser' }[version];
const library = join(process.env.NODE_CLIENTS, 'node_modules', packageOf, 'lib');
const here = dirname(fileURLToPath(import.meta.url));
const files = {
  '/spa.html': join(here, 'spa.html'),
  '/blank.html': join(here, 'blank.html'),
  '/msal.js': join(library, 'msal-browser.min.js'),
  // Version 4 reads the location of popups and iframes itself, so that its page is blank.
  '/bridge.js': version === '5' ? join(library, 'redirect-bridge', 'msal-redirect-bridge.min.js') : null,
};
const types = { html: 'text/html', js: 'text/javascript' };
const server = createServer(async (request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  const file = files[path];
  response.writeHead(file === undefined ? 404 : 200, { 'content-type': types[path.split('.').pop()] ?? 'text/plain' });
  response.end(file ? await readFile(file) : '');
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const origin = `http://localhost:${server.address().port}`;
const profiles = [];

/** A new profile of the browser, with the application open and its client ready. Contexts of one browser would be incognito, where
 *  Chromium keeps the cookies of other sites from iframes. */
async function application() {
  const profile = await mkdtemp(join(tmpdir(), 'profile-'));
  await mkdir(join(profile, 'Default'));
  await writeFile(join(profile, 'Default', 'Preferences'), '{"profile": {"cookie_controls_mode": 0}}');
  const context = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: ['--no-sandbox'] });
  profiles.push({ profile, context });
  const page = await context.newPage();
  await page.goto(`${origin}/spa.html`);
  await start(page);
  return [page, context];
}

async function start(page, redirect = '/spa.html') {
  await page.waitForFunction(() => window.start);
  return page.evaluate((settings) => window.start(settings), {
    client: PUBLIC, authority: `${AUTHORITY}/${TENANT}`, redirect,
  });
}

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
const choose = (page, name) => page.getByRole('button', { name }).click();

function expect(what, found, expected) {
  if (found !== expected) throw new Error(`${what} is ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
}

async function signInByRedirect(page, request = { scopes: [API_SCOPE] }) {
  // The promise does not end, because the page leaves.
  page.evaluate((request) => { client.acquireTokenRedirect(request); }, request).catch(() => {});
  await choose(page, 'Ada Admin');
  await page.waitForURL(`${origin}/**`);
  return start(page);
}

const flows = {
  async redirect() {
    const [page] = await application();
    const token = await signInByRedirect(page);
    expect('aud', claims(token).aud, API);
  },
  async popup() {
    const [page] = await application();
    await start(page, '/blank.html');
    const popup = page.waitForEvent('popup');
    const reply = page.evaluate((scope) => client.acquireTokenPopup({ scopes: [scope] }), API_SCOPE);
    await choose(await popup, 'Ada Admin');
    expect('aud', claims((await reply).accessToken).aud, API);
  },
  async 'silent by refresh token'() {
    const [page] = await application();
    await signInByRedirect(page);
    const [cached, renewed] = await page.evaluate(async (scope) => {
      const [account] = client.getAllAccounts();
      const request = { scopes: [scope], account };
      return [await client.acquireTokenSilent(request), await client.acquireTokenSilent({ ...request, forceRefresh: true })];
    }, API_SCOPE);
    expect('the first token is from the cache', cached.fromCache, true);
    expect('the second token is from the cache', renewed.fromCache, false);
  },
  async 'ssoSilent in an iframe'() {
    const [page, context] = await application();
    await signInByRedirect(page);
    const other = await context.newPage();
    await other.goto(`${origin}/spa.html`);
    await start(other, '/blank.html');
    const reply = await other.evaluate(
      (scope) => client.ssoSilent({ scopes: [scope], loginHint: 'ada@contoso.example' }), API_SCOPE);
    expect('oid', claims(reply.accessToken).oid, 'aaaaaaaa-0001-4000-8000-000000000001');
  },
  async 'interaction required without a session'() {
    const [page] = await application();
    await start(page, '/blank.html');
    const error = await page.evaluate((scope) => client.ssoSilent({ scopes: [scope] }).then(() => 'none',
      (error) => `${error.name} ${error.errorCode}`), API_SCOPE);
    expect('the error', error, 'InteractionRequiredAuthError login_required');
  },
  async 'step-up'() {
    const [page] = await application();
    await signInByRedirect(page);
    const challenge = await page.evaluate(async (scope) => {
      const [account] = client.getAllAccounts();
      return client.acquireTokenSilent({ scopes: [scope], account })
        .then(() => 'none', (error) => `${error.name} ${error.claims}`);
    }, STRICT_SCOPE);
    expect('the challenge names c1', challenge.includes('InteractionRequiredAuthError') && challenge.includes('c1'), true);
    page.evaluate(([scope, claims]) => {
      const [account] = client.getAllAccounts();
      client.acquireTokenRedirect({ scopes: [scope], account, claims });
    }, [STRICT_SCOPE, challenge.slice(challenge.indexOf('{'))]).catch(() => {});
    await choose(page, 'Confirm');
    await page.waitForURL(`${origin}/**`);
    expect('acrs', JSON.stringify(claims(await start(page)).acrs), '["c1"]');
  },
  async logout() {
    const [page] = await application();
    await signInByRedirect(page);
    page.evaluate(() => {
      window.isBefore = true;
      client.logoutRedirect({ postLogoutRedirectUri: `${location.origin}/spa.html` });
    }).catch(() => {});
    await page.waitForFunction(() => !window.isBefore && window.start);
    await start(page, '/blank.html');
    const error = await page.evaluate((scope) => client.ssoSilent({ scopes: [scope] }).then(() => 'none',
      (error) => error.errorCode), API_SCOPE);
    expect('the error after sign-out', error, 'login_required');
  },
};

for (const [name, flow] of Object.entries(flows)) {
  try {
    await flow();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${String(error.message).replaceAll('\n', ' ')}`);
  }
  for (const { profile, context } of profiles.splice(0)) {
    await context.close();
    await rm(profile, { recursive: true });
  }
}
server.close();
