// A backend that answers GET /orders to callers with an assertion. Settings come from the environment.

import { STATUS_CODES, createServer } from 'node:http';

import { Denied, verifier } from './assertion.mjs';

const { GATEWAY_KEYS_URL: keysUrl, GATEWAY_MAC_KEY_FILE: macKeyFile } = process.env;
if (!keysUrl && !macKeyFile) {
  console.error(
    'neither GATEWAY_MAC_KEY_FILE nor GATEWAY_KEYS_URL is set; give the file of the keys that the authz server shares ' +
      'with this backend, the URL of its public keys, or both',
  );
  process.exit(1);
}
const verify = verifier(keysUrl, 'orders', {
  macKeyFile,
  acceptUnbound: process.env.ACCEPT_UNBOUND_ASSERTIONS === 'true',
});

async function orders(request) {
  // headersDistinct keeps header lines apart, as rawHeaders does; `headers` joins them.
  const lines = request.headersDistinct['x-portcullis-assertion'] ?? [];
  const claims = await verify(lines, request.method, request.url);
  if (request.url.split('?')[0] !== '/orders') throw new Denied(404, 'not_found', 'there is nothing here');
  if (request.method !== 'GET') throw new Denied(405, 'method_not_allowed', 'orders can be read');
  const { tid: tenant, oid: objectId, kind, roles, scopes } = claims;
  return { caller: { tenant, objectId, kind, roles, scopes }, orders: [] };
}

const server = createServer(async (request, response) => {
  try {
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(await orders(request)));
  } catch (error) {
    if (!(error instanceof Denied)) console.error(error);
    const { status = 500, reason = 'internal_error', detail = 'the service failed; try again later' } = error;
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    if (status === 405) response.setHeader('Allow', 'GET');
    response.writeHead(status, { 'Content-Type': 'application/problem+json' });
    response.end(JSON.stringify({ status, title: STATUS_CODES[status], detail, reason }));
  }
});

const listen = new URL(`http://${process.env.LISTEN ?? '127.0.0.1:8010'}`);
server.listen(Number(listen.port || 80), listen.hostname, () => {
  console.log(`listening on http://${listen.hostname}:${server.address().port}`);
});
