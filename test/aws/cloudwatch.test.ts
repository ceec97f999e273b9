import { CalledMetrics, type LogEntry, LoggedMetrics } from '../../aws/cloudwatch';
import { functionConnection } from '../../aws/connection';
import { ServiceEndpoint, setEnvironment } from './service-endpoint';

const trustDomain = 'mesh.example.com';
const now = () => new Date('2026-11-22T12:00:00Z');

test('a logged metric is a log line in CloudWatch’s embedded metric format', async () => {
  const lines: LogEntry[] = [];
  const metrics = new LoggedMetrics({ trustDomain, now, log: (entry) => void lines.push(entry) });

  await metrics.put('HoursToExpiry', 42.5);

  expect(lines).toEqual([
    {
      event: 'metric',
      _aws: {
        Timestamp: Date.parse('2026-11-22T12:00:00Z'),
        CloudWatchMetrics: [
          { Namespace: 'MtlsServiceMesh', Dimensions: [['TrustDomain']], Metrics: [{ Name: 'HoursToExpiry' }] },
        ],
      },
      TrustDomain: 'mesh.example.com',
      HoursToExpiry: 42.5,
    },
  ]);
});

describe('a metric of a process that does not log to CloudWatch', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;
  let metrics: CalledMetrics;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_CLOUDWATCH: endpoint.url });
    metrics = new CalledMetrics({ trustDomain, now, connection: functionConnection(process.env) });
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  const put = () => metrics.put('CertificatesRevoked', 1, new AbortController().signal);

  test('is put by a call, in the namespace and dimension of the functions’ metrics', async () => {
    endpoint.replies.push({ body: '<PutMetricDataResponse><ResponseMetadata/></PutMetricDataResponse>' });

    await put();

    expect(endpoint.calls[0]?.headers['authorization']).toContain('/eu-central-1/monitoring/aws4_request');
    expect(Object.fromEntries(new URLSearchParams(endpoint.calls[0]?.body))).toEqual({
      Action: 'PutMetricData',
      Version: '2010-08-01',
      Namespace: 'MtlsServiceMesh',
      'MetricData.member.1.MetricName': 'CertificatesRevoked',
      'MetricData.member.1.Dimensions.member.1.Name': 'TrustDomain',
      'MetricData.member.1.Dimensions.member.1.Value': 'mesh.example.com',
      'MetricData.member.1.Timestamp': '2026-11-22T12:00:00.000Z',
      'MetricData.member.1.Value': '1',
    });
  });

  test('fails with the service’s error', async () => {
    const body = '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>';
    endpoint.replies.push({ status: 403, body });

    await expect(put()).rejects.toThrow('cloudwatch:PutMetricData failed with AccessDenied: no');
  });
});
