import { failureSentence } from '../../../../aws/failure';
import { UntrustedCertificateError } from '../../../../lambda/certificate-issuer/issue/gateway-truststore';
import { createSecret } from '../../../client/secrets';
import { createRoot, createSubordinate, days, validFor } from '../../../pki/authorities';
import { MemoryBus } from '../../../registry/memory-bus';
import { MemoryRegistry } from '../../../registry/memory-registry';
import { createRequest } from '../../custom-resource/requests';
import { issuerWith } from '../issuer';
import { MemoryAuthority } from '../memory-authority';
import { MemoryGateway } from '../memory-gateway';
import { MemorySecrets } from '../memory-secrets';
import { PROPERTIES } from '../properties';

const signal = new AbortController().signal;

describe('the truststore of the gateway', () => {
  test('is read in the version that the gateway has, once', async () => {
    const root = await createRoot('Root');
    const gateway = new MemoryGateway(root.pem);
    const truststore = gateway.truststore();

    await truststore.assertTrusts(await createSecret(root), signal);
    await truststore.assertTrusts(await createSecret(root), signal);

    expect(gateway.reads).toEqual([{ bucket: 'truststore', key: 'truststore.pem', versionId: 'v1' }]);
  });

  test('is read again after it could not be read', async () => {
    const root = await createRoot('Root');
    const gateway = new MemoryGateway(root.pem);
    const truststore = gateway.truststore();
    const read = jest.spyOn(gateway, 'readObject').mockRejectedValueOnce(new Error('AccessDenied'));

    await expect(truststore.assertTrusts(await createSecret(root), signal)).rejects.toThrow('AccessDenied');
    await truststore.assertTrusts(await createSecret(root), signal);

    expect(read).toHaveBeenCalledTimes(2);
  });

  test('does not trust a certificate of another authority; the reason says what to do', async () => {
    const [root, other] = await Promise.all([createRoot('Root'), createRoot('Other')]);
    const trust = new MemoryGateway(other.pem).truststore().assertTrusts(await createSecret(root), signal);

    await expect(trust).rejects.toThrow(UntrustedCertificateError);
    expect(failureSentence(await trust.catch((error) => error))).toBe(
      'the gateway would refuse the certificate of mail, because the truststore s3://truststore/truststore.pem, version v1, ' +
        'has no chain to its root: deploy the truststore with the chain of the issuing authority: ' +
        '"CN=mail" was issued by "O=Example, CN=Root", which is missing or not valid',
    );
  });

  test('does not trust a chain to the root of somebody else, even if the issuing authority is the one that it trusts', async () => {
    const [root, other] = await Promise.all([createRoot('Root'), createRoot('Other')]);
    const issuing = await createSubordinate(root, 'Issuing');
    const crossed = await createSubordinate(other, 'Issuing', { privateKey: issuing.privateKey });
    const truststore = new MemoryGateway(issuing.pem + root.pem).truststore();
    const secret = await createSecret(issuing);

    await truststore.assertTrusts({ ...secret, certificateChain: issuing.pem + root.pem }, signal);
    const trust = truststore.assertTrusts({ ...secret, certificateChain: crossed.pem + other.pem }, signal);

    await expect(trust).rejects.toThrow(UntrustedCertificateError);
  });

  test('trusts nobody by an authority that is no longer valid', async () => {
    const root = await createRoot('Root', { validity: validFor(2) });
    const truststore = new MemoryGateway(root.pem).truststore(() => new Date(Date.now() + days(3)));

    await expect(truststore.assertTrusts(await createSecret(root), signal)).rejects.toThrow(UntrustedCertificateError);
  });

  test.each(['', 'no certificate', '<Error/>', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'trusts nobody by %j',
    async (bundle) => {
      const secret = await createSecret(await createRoot('Root'));

      await expect(new MemoryGateway(bundle).truststore().assertTrusts(secret, signal)).rejects.toThrow(
        UntrustedCertificateError,
      );
    },
  );
});

describe('a certificate that the gateway does not trust', () => {
  test('comes into no secret and no registry: the deployment fails', async () => {
    const authority = await MemoryAuthority.create();
    const domain = new MemoryGateway((await createRoot('Other')).pem);
    const [secrets, registry] = [new MemorySecrets(), new MemoryRegistry()];
    const gateway = domain;
    const { clientCertificateResource } = issuerWith({ authority, registry, secrets, bus: new MemoryBus(), gateway });

    const deployed = clientCertificateResource.apply(createRequest({ properties: { ...PROPERTIES } }), signal);

    await expect(deployed).rejects.toThrow(/the gateway would refuse the certificate of mail/);
    expect([secrets.versions.size, registry.certificates.size]).toEqual([0, 0]);
  });

  test('is not a matter of an issuer without a gateway', async () => {
    const authority = await MemoryAuthority.create();
    const secrets = new MemorySecrets();
    const registry = new MemoryRegistry();
    const { clientCertificateResource } = issuerWith({ authority, registry, secrets, bus: new MemoryBus() });

    await clientCertificateResource.apply(createRequest({ properties: { ...PROPERTIES } }), signal);

    expect(secrets.versions.size).toBe(1);
  });
});
