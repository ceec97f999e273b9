/** Values of options that several commands have. */
import { InvalidArgumentError } from 'commander';
import type { Destination } from '../../client';
import { clientNameProblem, dnsNameProblem, trustDomainProblem } from '../../mesh/names';

export function clientName(text: string): string {
  return checked(text, clientNameProblem(text));
}

export function trustDomain(text: string): string {
  return checked(text, trustDomainProblem(text));
}

export function dnsName(text: string): string {
  return checked(text, dnsNameProblem(text));
}

/** A port of this machine. 0 stands for a free one. */
export function port(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65535) {
    throw new InvalidArgumentError('must be a number from 0 to 65535');
  }
  return number;
}

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

/** Without TLS, anybody on the network could answer. A sandbox is on this machine and needs none. */
export function requestUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.includes(url.hostname));
  if (url === undefined || !isSafe || url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError('must be an https URL, such as https://<id>.lambda-url.<region>.on.aws/');
  }
  return url;
}

export function httpsUrl(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== 'https:')
    throw new InvalidArgumentError('must be an https URL');
  return text;
}

/** A host and a port. */
export function destination(text: string): Destination {
  const [, bracketed, plain, digits = ''] = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(digits) > 65_535) {
    throw new InvalidArgumentError('must be a host and a port, such as 127.0.0.1:9099');
  }
  return { host, port: Number(digits) };
}

function checked(text: string, problem: string | undefined): string {
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return text;
}
