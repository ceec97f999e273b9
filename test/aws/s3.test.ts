import { createHash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { S3 } from '../../aws/s3';
import { CLIENT_SETTINGS } from '../../aws/sdk-settings';
import { type Reply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;

function xmlReply(body: string, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0"?>${body}` };
}

const noSuchBucket = xmlReply('<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>', 404);

describe('S3, through the SDK', () => {
  let endpoint: ServiceEndpoint;
  let store: S3;
  let restoreEnvironment: () => void;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_S3: endpoint.url });
    store = new S3(new S3Client(CLIENT_SETTINGS));
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  test('puts a PEM object with its type and checksum, and gives its version', async () => {
    endpoint.replies.push({ headers: { 'x-amz-version-id': 'v1' } });

    await expect(store.putPem('bucket', 'truststore.pem', 'pem', signal)).resolves.toBe('v1');

    expect(endpoint.calls[0]).toMatchObject({ method: 'PUT', body: 'pem' });
    expect(endpoint.calls[0]?.path).toMatch(/^\/bucket\/truststore\.pem/);
    expect(endpoint.calls[0]?.headers).toMatchObject({
      'content-type': 'application/x-pem-file',
      'x-amz-checksum-sha256': createHash('sha256').update('pem').digest('base64'),
    });
  });

  test('gives no version when the bucket keeps none', async () => {
    endpoint.replies.push({});

    await expect(store.putPem('bucket', 'truststore.pem', 'pem', signal)).resolves.toBeUndefined();
  });

  test('lists versions and delete markers, and goes on where a page ended', async () => {
    endpoint.replies.push(
      xmlReply(`<ListVersionsResult><IsTruncated>true</IsTruncated>
        <NextKeyMarker>b</NextKeyMarker><NextVersionIdMarker>2</NextVersionIdMarker>
        <Version><Key>a</Key><VersionId>1</VersionId></Version>
        <DeleteMarker><Key>b</Key><VersionId>2</VersionId></DeleteMarker></ListVersionsResult>`),
      xmlReply('<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>'),
    );

    const page = await store.listVersions('bucket', undefined, signal);
    expect(page).toEqual({
      versions: [
        { key: 'a', versionId: '1' },
        { key: 'b', versionId: '2' },
      ],
      next: { key: 'b', versionId: '2' },
    });

    await expect(store.listVersions('bucket', page?.next, signal)).resolves.toEqual({ versions: [], next: undefined });
    expect(endpoint.calls[1]?.path).toMatch(/key-marker=b/);
    expect(endpoint.calls[1]?.path).toMatch(/version-id-marker=2/);
  });

  test('deletes versions and gives those that it was refused', async () => {
    endpoint.replies.push(
      xmlReply(
        '<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>',
      ),
    );

    const refused = await store.deleteVersions('bucket', [{ key: 'a', versionId: '1' }], signal);

    expect(refused).toEqual([{ key: 'a', code: 'AccessDenied', message: 'no' }]);
    expect(endpoint.calls[0]?.body).toContain('<Key>a</Key><VersionId>1</VersionId>');
    expect(endpoint.calls[0]?.body).toContain('<Quiet>true</Quiet>');
  });

  test('tells a missing bucket from an empty one', async () => {
    endpoint.replies.push(noSuchBucket, noSuchBucket);

    await expect(store.listVersions('bucket', undefined, signal)).resolves.toBeUndefined();
    await expect(store.deleteVersions('bucket', [{ key: 'a', versionId: '1' }], signal)).resolves.toEqual([]);
  });

  test('names the action and the service’s error', async () => {
    endpoint.replies.push(xmlReply('<Error><Code>AccessDenied</Code><Message>no</Message></Error>', 403));

    await expect(store.putPem('bucket', 'key', 'pem', signal)).rejects.toThrow(
      's3:PutObject failed with AccessDenied: no',
    );
  });
});
