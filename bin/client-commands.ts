/** The work of the commands that bring a client its certificate, as one bundle: all of them write its files. */
export { runAgent } from './agent/agent';
export { runConfig } from './config/config';
export { runFetch } from './fetch/fetch';
export { runRequest } from './request/request';
