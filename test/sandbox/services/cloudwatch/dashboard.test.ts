import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { CloudWatchService } from '../../../../sandbox/services/cloudwatch';
import { requestFor, resourceType } from '../resource-request';

const METRIC = {
  type: 'metric',
  width: 12,
  height: 6,
  x: 0,
  y: 0,
  properties: {
    region: 'us-east-1',
    metrics: [
      ['MtlsServiceMesh', 'HoursToExpiry', 'TrustDomain', 'mesh.example.com', { stat: 'Minimum' }],
      [{ expression: "SEARCH('{MtlsServiceMesh} RequestsDenied', 'Sum', 300)" }],
      ['...', 'other.example.com'],
    ],
  },
};
const OTHERS = [
  { type: 'text', properties: { markdown: '# Mesh' } },
  { type: 'log', properties: { region: 'us-east-1', query: "SOURCE 'log' | limit 5" } },
  { type: 'alarm', properties: { alarms: ['arn:aws:cloudwatch:us-east-1:123456789012:alarm:a'] } },
  { type: 'metric', properties: { region: 'us-east-1', annotations: { alarms: ['arn:aws:cloudwatch:::alarm:a'] } } },
];

const body = (...widgets: unknown[]) => ({ DashboardName: 'Mesh', DashboardBody: JSON.stringify({ widgets }) });

let type: ReturnType<typeof resourceType>;

beforeEach(() => {
  const service = new CloudWatchService({ account: SANDBOX_ACCOUNT, clock: new Clock() });
  type = resourceType(service, 'AWS::CloudWatch::Dashboard');
});

test('a dashboard has its name for itself until it is deleted', async () => {
  const properties = body(METRIC, ...OTHERS);
  const dashboard = await type.create(requestFor(properties));
  expect(dashboard).toEqual({ physicalId: 'Mesh', attributes: {} });
  await expect(type.create(requestFor(properties))).rejects.toThrow('already exists');
  await expect(type.update(requestFor(body(METRIC)), dashboard, properties)).resolves.toEqual(dashboard);
  await type.delete(requestFor(properties), dashboard);
  await type.create(requestFor(properties));
});

const metrics = (...list: unknown[]) => ({ type: 'metric', properties: { region: 'us-east-1', metrics: list } });

test.each([
  ['no JSON', { DashboardBody: '{"widgets":[' }, 'must be JSON'],
  ['a list', { DashboardBody: '[]' }, 'must be an object'],
  ['no widgets', { DashboardBody: '{}' }, "'widgets'"],
  ['a name with a space', { ...body(), DashboardName: 'My mesh' }, 'DashboardName'],
  ['a widget of an unknown type', body({ ...METRIC, type: 'chart' }), 'widgets.1.type'],
  ['a widget without properties', body({ type: 'text' }), 'widgets.1.properties'],
  ['an unknown member', body({ ...METRIC, color: 'red' }), 'color'],
  ['a widget that is too wide', body({ ...METRIC, width: 25 }), 'widgets.1.width'],
  ['a widget that leaves the dashboard', body({ ...METRIC, x: 20 }), 'within the 24 columns'],
  ['a widget with half a place', body({ ...METRIC, y: undefined }), 'both x and y'],
  ['metrics of no Region', body({ type: 'metric', properties: { metrics: [['A', 'B']] } }), 'region'],
  ['a graph of nothing', body({ type: 'metric', properties: { region: 'us-east-1' } }), 'metrics or annotations'],
  ['a metric without a name', body(metrics(['MtlsServiceMesh'])), 'metrics.1'],
  ['half a dimension', body(metrics(['A', 'B'], ['A', 'B', 'C'])), 'metrics.2'],
  ['a metric and an expression at once', body(metrics(['A', 'B', { expression: 'm1' }])), 'metrics.1'],
  ['rendering properties in the middle', body(metrics(['A', {}, 'B'])), 'metrics.1'],
  ['a text without a text', body({ type: 'text', properties: {} }), 'markdown'],
  ['a log without a query', body({ type: 'log', properties: { region: 'us-east-1' } }), 'query'],
  ['alarms without ARNs', body({ type: 'alarm', properties: { alarms: ['expiring'] } }), 'alarms.1'],
  ['too many widgets', body(...Array(501).fill(METRIC)), 'less than or equal to 500'],
])('a dashboard with %s is refused', async (_, properties, reason) => {
  await expect(type.create(requestFor({ DashboardName: 'Mesh', ...properties }))).rejects.toThrow(reason);
});
