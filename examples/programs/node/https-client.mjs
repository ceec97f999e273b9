/** Calls services with `node:https`. */
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { tlsOptions } from './client-files.mjs';

let agent;

/** An agent keeps its connections, and with them their certificate. A new certificate gets a new agent. */
function currentAgent() {
  const options = tlsOptions();
  // Requests in progress end on the old agent. `destroy` would cut them off. Its idle connections are closed by the server.
  if (agent?.options.cert !== options.cert) agent = new Agent({ ...options, keepAlive: true });
  return agent;
}

export function get(url) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: currentAgent() }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    });
    outgoing.on('error', reject).end();
  });
}
