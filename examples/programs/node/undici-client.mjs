/** Calls services with `fetch` of undici. */
import { Agent, fetch } from 'undici';
import { tlsOptions } from './client-files.mjs';

let options;
let agent;

/** An agent keeps its connections, and with them their certificate. A new certificate gets a new agent. */
function currentAgent() {
  if (options !== tlsOptions()) {
    void agent?.close(); // Waits for the requests in progress.
    options = tlsOptions();
    agent = new Agent({ connect: options });
  }
  return agent;
}

export async function get(url) {
  const response = await fetch(url, { dispatcher: currentAgent() });
  return { status: response.status, body: await response.text() };
}
