import { Duration, type Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { CertificateAuthority, type MeshDashboardOptions } from '../../lib';
import { ACCESS_LOG_FORMAT } from '../../lib/private/access-log';
import { newMesh, newStack, onlyResource } from './mesh-stack';

interface Widget {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The body as CloudWatch gets it, with `{LogicalId}` or `{LogicalId.Attribute}` for each reference. */
function bodyIn(stack: Stack): { readonly start?: string; readonly widgets: readonly Widget[] } {
  const { DashboardBody } = onlyResource(stack, 'AWS::CloudWatch::Dashboard').Properties;
  const [, parts] = (DashboardBody as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  const text = parts.map((part) => {
    if (typeof part === 'string') return part;
    const [[, target] = []] = Object.entries(part as Record<string, string | string[]>);
    return `{${[target].flat().join('.')}}`;
  });
  return JSON.parse(text.join(''));
}

function widgetsOf(options?: MeshDashboardOptions): ReadonlyMap<unknown, string> {
  const stack = newStack();
  newMesh(stack, { trustDomain: 'example.com' }).addDashboard(options);
  return new Map(
    bodyIn(stack).widgets.map(({ type, properties }) => [properties['title'], `${type} ${JSON.stringify(properties)}`]),
  );
}

test('shows what is asked for of a mesh', () => {
  expect([...widgetsOf().keys()]).toEqual([
    'Alarms',
    'Requests',
    'Denied requests by reason',
    'Latency of the authorizer',
    'Latency of the gateway, with services',
    'Calls by client',
    'Denied certificates',
    'Certificates',
    'Expiry',
  ]);
});

test('shows alarms, metrics, and the latency of the function that decides', () => {
  const widgets = widgetsOf();
  const metric = (name: string) => `["MtlsServiceMesh","${name}","TrustDomain","example.com",`;

  expect(widgets.get('Alarms')?.match(/\{MeshAlarms\w+\.Arn\}/g)).toHaveLength(5);
  for (const name of ['CertificatesIssued', 'RotationsSucceeded', 'RotationsFailed', 'CertificatesRevoked']) {
    expect(widgets.get('Certificates')).toContain(metric(name));
  }
  for (const name of ['HoursToExpiry', 'CertificatesExpiring', 'DaysToAuthorityExpiry']) {
    expect(widgets.get('Expiry')).toContain(metric(name));
  }
  expect(widgets.get('Latency of the authorizer')).toMatch(
    /\["AWS\/Lambda","Duration","FunctionName","\{MeshGatewayAuthorizerFunction\w+\}",\{"label":"p99","stat":"p99"\}\]/,
  );
});

test('finds the reasons of denials by the dimensions of their metric', () => {
  expect(widgetsOf().get('Denied requests by reason')).toContain(
    JSON.stringify(
      `SEARCH('{MtlsServiceMesh,TrustDomain,Reason} MetricName="RequestsDenied" TrustDomain="example.com"', 'Sum', 300)`,
    ),
  );
});

test('counts calls and denied certificates by the logs, and has no metric for a caller', () => {
  const widgets = widgetsOf();

  expect(widgets.get('Calls by client')).toMatch(
    /^log .*SOURCE '\{MeshGatewayAccessLog\w+\}' \|.*by clientName, status/,
  );
  expect(Object.keys(JSON.parse(ACCESS_LOG_FORMAT))).toEqual(expect.arrayContaining(['clientName', 'status']));
  expect(widgets.get('Denied certificates')).toMatch(
    /^log .*SOURCE '\{MeshGatewayAuthorizerLogGroup\w+\}' \|.*by code, subject, serialNumber/,
  );
});

test('takes a name, a time, and widgets of your own', () => {
  const stack = newStack();
  const { dashboard } = newMesh(stack).addDashboard({ dashboardName: 'Mesh', defaultInterval: Duration.hours(3) });
  dashboard.addWidgets(new cloudwatch.TextWidget({ markdown: 'Ask the mesh team' }));

  expect(onlyResource(stack, 'AWS::CloudWatch::Dashboard').Properties['DashboardName']).toBe('Mesh');
  const { start, widgets } = bodyIn(stack);
  expect(start).toBe('-PT3H');
  expect(widgets.at(-1)?.properties).toMatchObject({ markdown: 'Ask the mesh team' });
});

test('shows the alarm of the revocation lists of a mesh that publishes some', () => {
  const stack = newStack();
  newMesh(stack, { certificateAuthority: CertificateAuthority.kmsRoot(stack, 'Root') }).addDashboard();
  const alarms = bodyIn(stack).widgets.find(({ properties }) => properties['title'] === 'Alarms');
  expect(JSON.stringify(alarms)).toContain('{MeshAlarmsRevocationListsOverdue');
});
