import { createPrivateKey, type X509Certificate } from 'node:crypto';
import type { ClientSecret } from '../../mesh/client-secret';
import { isClientCertificate, notAfterOf, notBeforeOf, spiffeIdOf, subjectText } from '../../pki/certificate-fields';
import { ChainError, verifyChain } from '../../pki/chain';
import { PemError, readCertificate, readCertificates } from '../../pki/pem';
import { keyWeakness } from '../../pki/strength';
import { type Finding, ok, wrong } from './finding';

/** API Gateway verifies at most three authorities below a root. */
const LONGEST_CHAIN = 4;

/** Whether a server that trusts the authority can accept what the client presents. */
export function checkOwnCertificate(
  {
    certificate,
    certificateChain,
    privateKey,
    clientName,
  }: Pick<ClientSecret, 'certificate' | 'certificateChain' | 'privateKey' | 'clientName'>,
  now: Date,
): Finding {
  const bad = (message: string, remedy = `issue another one: mtls-mesh rotate ${clientName}`) =>
    wrong('client-certificate', message, remedy);
  let own: X509Certificate;
  let authorities: readonly X509Certificate[];
  try {
    own = readCertificate(certificate);
    authorities = readCertificates(certificateChain);
  } catch (error) {
    if (!(error instanceof PemError)) throw error;
    return bad(`the client's certificate or chain can't be read: ${error.message}`);
  }
  const described = `the client's certificate, ${subjectText(own)}`;
  let isPair: boolean;
  try {
    isPair = own.checkPrivateKey(createPrivateKey(privateKey));
  } catch {
    return bad("the private key can't be read: it must be unencrypted, in PEM");
  }
  if (!isPair) {
    return bad(`the private key doesn't belong to ${described}`, 'read both again: they may be of two generations');
  }
  if (!isClientCertificate(own)) return bad(`${described}, is not for TLS clients`);
  if (spiffeIdOf(own) === undefined) return bad(`${described}, has no SPIFFE ID`);
  const weakness = keyWeakness(own.publicKey);
  if (weakness !== undefined) return bad(`${described}, has a weak key: ${weakness}`);
  const validity = validityProblem(own, described, now, clientName);
  if (validity !== undefined) return validity;
  if (authorities.length > LONGEST_CHAIN) {
    return bad(`the chain has ${authorities.length} authorities`, `use at most ${LONGEST_CHAIN}, with the root`);
  }
  try {
    verifyChain(own, authorities, now);
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    return bad(`the chain of ${described}, is not valid: ${error.message}`);
  }
  return ok(
    `${described}, is valid until ${notAfterOf(own).toISOString()}, matches its key, and has a chain of ${authorities.length}`,
  );
}

function validityProblem(own: X509Certificate, described: string, now: Date, clientName: string): Finding | undefined {
  const [from, until] = [notBeforeOf(own), notAfterOf(own)];
  const clock = `the clock of this machine says ${now.toISOString()}`;
  if (now < from) {
    const message = `${described}, is not valid before ${from.toISOString()}, and ${clock}`;
    return wrong('client-certificate', message, 'set the clock');
  }
  if (now > until) {
    const remedy = `find out why it was not replaced, and issue another one: mtls-mesh rotate ${clientName}`;
    return wrong('client-certificate', `${described}, expired at ${until.toISOString()}, and ${clock}`, remedy);
  }
  return undefined;
}
