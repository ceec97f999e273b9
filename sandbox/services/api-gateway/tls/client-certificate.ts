import type { X509Certificate } from 'node:crypto';

/**
 * A client certificate in the form for authorizers, integrations, and `$context` variables.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export interface ClientCertificate {
  readonly clientCertPem: string;
  readonly subjectDN: string;
  readonly issuerDN: string;
  readonly serialNumber: string;
  readonly validity: { readonly notBefore: string; readonly notAfter: string };
}

export function describeClientCertificate(certificate: X509Certificate): ClientCertificate {
  return {
    clientCertPem: certificate.toString(),
    subjectDN: distinguishedName(certificate.subject ?? ''),
    issuerDN: distinguishedName(certificate.issuer),
    serialNumber: serialNumber(certificate.serialNumber),
    validity: { notBefore: certificate.validFrom, notAfter: certificate.validTo },
  };
}

/**
 * AWS documents no order. The sandbox keeps the order of the certificate, and replaces Node.js's line breaks with
 * commas.
 */
function distinguishedName(lines: string): string {
  return lines.split('\n').join(',');
}

/**
 * As OpenSSL prints it: decimal up to 63 bits, otherwise lower-case pairs separated by colons. A certificate that violates
 * RFC 5280 can have a negative one.
 */
function serialNumber(text: string): string {
  const [sign, hexadecimal] = text.startsWith('-') ? ['-', text.slice(1)] : ['', text];
  const number = BigInt(`0x${hexadecimal}`);
  if (number < 2n ** 63n) return `${sign}${number}`;
  const even = hexadecimal.length % 2 === 0 ? hexadecimal : `0${hexadecimal}`;
  return sign + (even.toLowerCase().match(/../g) ?? []).join(':');
}
