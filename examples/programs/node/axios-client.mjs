/** Calls services with axios. */
import { Agent } from 'node:https';
import axios from 'axios';
import { tlsOptions } from './client-files.mjs';

let httpsAgent;

/** An agent keeps its connections, and with them their certificate. A new certificate gets a new agent. */
function currentAgent() {
  const options = tlsOptions();
  // Requests in progress end on the old agent. `destroy` would cut them off. Its idle connections are closed by the server.
  if (httpsAgent?.options.cert !== options.cert) httpsAgent = new Agent({ ...options, keepAlive: true });
  return httpsAgent;
}

export async function get(url) {
  const { status, data } = await axios.get(url, {
    httpsAgent: currentAgent(),
    responseType: 'text',
    validateStatus: () => true, // Without it, axios throws on 403.
  });
  return { status, body: data };
}
