/** Calls services with got. */
import { Agent } from 'node:https';
import got from 'got';
import { tlsOptions } from './client-files.mjs';

/** It keeps connections by certificate, because got passes the certificate with each request. */
const agent = { https: new Agent({ keepAlive: true }) };

export async function get(url) {
  const { key, cert } = tlsOptions();
  const { statusCode, body } = await got(url, {
    agent,
    https: { key, certificate: cert },
    retry: { limit: 0 }, // Otherwise got tries three times before it reports that it was refused.
    throwHttpErrors: false,
  });
  return { status: statusCode, body };
}
