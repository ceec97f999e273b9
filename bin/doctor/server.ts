import type { X509Certificate } from 'node:crypto';
import { issuerText, notAfterOf, notBeforeOf, subjectText } from '../../pki/certificate-fields';
import { nameText, subjectOf } from './certificate-request';
import { type Finding, notChecked, ok, wrong } from './finding';
import type { Greeting } from './greeting';

/** What to do about a handshake without a client certificate that failed. */
export function handshakeFailure(error: NodeJS.ErrnoException, host: string): Finding {
  const text = error.message;
  if (/wrong version number|packet length too long|http request/i.test(text)) {
    return wrong('server', `${host} doesn't speak TLS on this port`, 'check the port: HTTPS usually is on 443');
  }
  if (/alert (protocol version|handshake failure)|unsupported protocol|no protocols/i.test(text)) {
    const remedy = 'the server must offer TLS 1.2 or later: with API Gateway, set the security policy TLS_1_2';
    return wrong('server', `${host} and this machine have no version or cipher of TLS in common: ${text}`, remedy);
  }
  if (/unrecognized name/i.test(text)) {
    return wrong('server', `${host} doesn't know this name`, 'check the URL against the domain name of the gateway');
  }
  const remedy = 'check that nothing between here and there ends connections, such as a proxy or a firewall';
  return wrong('server', `the TLS handshake with ${host} failed: ${text}`, remedy);
}

export function checkVersion({ protocol }: Greeting): Finding {
  if (/^TLSv1\.[23]$/.test(protocol)) return ok(`the server speaks ${protocol}`);
  return wrong('server', `the server speaks ${protocol} only`, 'configure the server for TLS 1.2 or later');
}

/** Whether the server proves that it is the one in the URL. */
export function checkServerCertificate({ certificates, distrust }: Greeting, host: string, now: Date): Finding {
  const [certificate] = certificates;
  if (certificate === undefined) return wrong('server', 'the server has no certificate', 'configure one');
  const described = `the server's certificate, ${subjectText(certificate)}, issued by ${issuerText(certificate)},`;
  if (distrust === undefined)
    return ok(`${described} is valid for ${host} until ${notAfterOf(certificate).toISOString()}`);
  return wrong('server', `${described} is not trusted: ${distrust}`, remedyFor(distrust, certificate, now));
}

function remedyFor(distrust: string, certificate: X509Certificate, now: Date): string {
  if (/EXPIRED|NOT_YET_VALID/.test(distrust)) {
    const [from, until] = [notBeforeOf(certificate).toISOString(), notAfterOf(certificate).toISOString()];
    return `it is valid from ${from} until ${until}, and the clock of this machine says ${now.toISOString()}: renew it, or set the clock`;
  }
  if (/ALTNAME|HOSTNAME/i.test(distrust))
    return 'use a name in the URL that the certificate contains, or replace the certificate';
  return 'pass the authority of the server with --ca, or install it on this machine; for a sandbox, it is server-ca.pem';
}

/** Whether the server asks for certificates of the authority that has issued the client's. */
export function checkRequest({ request }: Greeting, chain: readonly X509Certificate[]): Finding {
  if (request === undefined) return notChecked('the server speaks TLS 1.3 only, which hides what it asks of clients');
  if (!request.asksForCertificate) {
    const remedy =
      'check that the name leads to the domain of the mesh, and not to a load balancer, a CDN, or the execute-api endpoint';
    return wrong('server', "the server doesn't ask for a client certificate", remedy);
  }
  const { authorities } = request;
  if (authorities.length === 0) return ok('the server asks for a client certificate, of any authority');
  const listed = authorities.map(nameText).join('; ');
  const isAsked = chain.some(({ raw }) => {
    const subject = subjectOf(raw);
    return subject !== undefined && authorities.some((name) => subject.equals(name));
  });
  if (isAsked) return ok(`the server asks for certificates of ${listed}`);
  const remedy =
    'the truststore of the domain lacks the authority of the client: check that client and URL belong to the same mesh, ' +
    'and that the last deployment succeeded';
  return wrong('server', `the server asks for certificates of ${listed}, and none of them issued the client's`, remedy);
}
