import type { X509Certificate } from 'node:crypto';

/**
 * A client's certificate in the form in which authorizers, integrations and `$context` variables get it.
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

/** AWS documents no order; the sandbox keeps the certificate's own, with commas for Node's line breaks. */
function distinguishedName(lines: string): string {
  return lines.split('\n').join(',');
}

/** As OpenSSL prints it: decimal as long as it fits 63 bits, else lower-case pairs with colons between them. */
function serialNumber(hexadecimal: string): string {
  const number = BigInt(`0x${hexadecimal}`);
  if (number < 2n ** 63n) return number.toString();
  const even = hexadecimal.length % 2 === 0 ? hexadecimal : `0${hexadecimal}`;
  return (even.toLowerCase().match(/../g) ?? []).join(':');
}
