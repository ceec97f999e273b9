import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { App, Stack } from 'aws-cdk-lib';
import { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';
import { describeWith } from '../programs';

const run = promisify(execFile);

describeWith('aws')('the AWS command line on a mesh', () => {
  let directory: string;
  let sandbox: Sandbox;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    process.env['CDK_VALIDATION'] = 'false';
    directory = mkdtempSync(join(tmpdir(), 'aws-command-line-'));
    const app = new App({ outdir: join(directory, 'cdk.out') });
    const stack = new Stack(app, 'Mesh');
    const mesh = exampleMesh(stack);
    addScheduleService(stack, mesh);
    mesh.addClient('mail');
    new RestApi(stack, 'Rest', { restApiName: 'rest' }).root.addResource('items').addMethod('GET');
    sandbox = await Sandbox.deploy(app);
    writeFileSync(join(directory, 'config'), '');
    environment = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      AWS_CONFIG_FILE: join(directory, 'config'),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      ...sandbox.environment(),
    };
  }, 60_000);

  afterAll(async () => {
    await sandbox.close();
    rmSync(directory, { recursive: true });
  });

  /** The text of the answer. `<…>` in the command stands for the physical ID of a resource. */
  async function aws(command: string): Promise<string> {
    const words = command.split(' ').map((word) => word.replace(/<(.*)>/, (_, part: string) => physicalId(part)));
    return (await run('aws', [...words, '--output', 'text'], { env: environment })).stdout.trim();
  }

  function physicalId(part: string): string {
    const found = Object.entries(sandbox.resources).find(
      ([logicalId, { type }]) => type === part || (logicalId.startsWith(part) && type === 'AWS::Lambda::Function'),
    );
    return found?.[1].physicalId ?? part;
  }

  test.each([
    ['sts get-caller-identity --query Arn', /user\/operator$/],
    ['lambda invoke --function-name <Schedule> --payload {} /dev/null --query StatusCode', /^200$/],
    ['logs describe-log-groups --query logGroups[].logGroupName', /\/aws\/lambda\/|Log/],
    ['logs filter-log-events --log-group-name /aws/lambda/<Schedule> --interleaved --query events[].message', /REPORT/],
    ['lambda list-functions --query Functions[].FunctionName', /Schedule/],
    ['cloudformation list-stacks --query StackSummaries[].StackName', /^Mesh$/],
    [
      'cloudformation describe-stack-resources --stack-name Mesh --query StackResources[].ResourceType',
      /AWS::ApiGatewayV2::DomainName/,
    ],
    [
      'cloudformation describe-stack-events --stack-name Mesh --query StackEvents[].ResourceStatus',
      /^CREATE_COMPLETE\s/,
    ],
    ['apigatewayv2 get-apis --query Items[].ProtocolType', /^HTTP$/],
    ['apigatewayv2 get-domain-names --query Items[].DomainName', /^mesh.example.com$/],
    [
      'apigatewayv2 get-authorizers --api-id <AWS::ApiGatewayV2::Api> --query Items[].[AuthorizerType,AuthorizerUri]',
      /^REQUEST\sarn:aws:apigateway:us-east-1:lambda:path\/2015-03-31\/functions\/arn:aws:lambda:\S+\/invocations$/,
    ],
    ['apigateway get-rest-apis --query items[].[name,endpointConfiguration.types[0]]', /^rest\sEDGE$/],
    ['apigateway get-resources --rest-api-id <AWS::ApiGateway::RestApi> --query items[].path', /^\/\s\/items$/],
    [
      'apigateway get-resources --rest-api-id <AWS::ApiGateway::RestApi> --embed methods --query items[].resourceMethods.GET.methodIntegration.type',
      /^MOCK$/,
    ],
    ['apigateway get-stages --rest-api-id <AWS::ApiGateway::RestApi> --query item[].stageName', /^prod$/],
    ['apigateway get-authorizers --rest-api-id <AWS::ApiGateway::RestApi> --query length(items)', /^0$/],
    ['apigateway get-domain-names --query items[].domainName', /^mesh.example.com$/],
    ['s3 ls', /mesh-/],
    ['s3 ls s3://<AWS::S3::Bucket>', /truststore.pem$/],
    ['events list-rules --query Rules[].ScheduleExpression', /^rate\(1 hour\)$/],
    ['cloudwatch describe-alarms --query MetricAlarms[].StateValue', /INSUFFICIENT_DATA/],
    ['iam list-roles --query Roles[].AssumeRolePolicyDocument.Statement[].Action', /sts:AssumeRole/],
    [
      'secretsmanager batch-get-secret-value --secret-id-list mesh.example.com/mail --query SecretValues[].Name',
      /mail$/,
    ],
    ['dynamodb describe-table --table-name mtls-mesh.mesh.example.com --query Table.TableId', /^[0-9a-f-]{36}$/],
  ])('%s', async (command, answer) => {
    await expect(aws(command)).resolves.toMatch(answer);
  });

  test('metrics go in by the protocol that the command line speaks, with their time, and come out again', async () => {
    await aws(
      'cloudwatch put-metric-data --namespace Mail --metric-data MetricName=Sent,Value=2,Timestamp=2026-11-01T00:00:00Z,Dimensions=[{Name=To,Value=x}]',
    );
    await expect(aws('cloudwatch list-metrics --namespace Mail --query Metrics[].Dimensions[].Value')).resolves.toBe(
      'x',
    );
  });

  test.each([
    ['lambda delete-function --function-name <Schedule>', 'does not support lambda:DELETE'],
    ['iam create-role --role-name x --assume-role-policy-document {}', 'does not support iam:CreateRole'],
    ['events put-rule --name x', 'does not support events:PutRule'],
    ['s3api get-bucket-policy --bucket <AWS::S3::Bucket>', 'does not support s3:GET bucket?policy'],
    ['iam get-role --role-name other', '(NoSuchEntity)'],
    ['apigateway create-rest-api --name x', 'does not support apigateway:POST /restapis'],
    ['apigateway get-rest-api --rest-api-id none', '(NotFoundException)'],
  ])('%s fails: %s', async (command, message) => {
    await expect(aws(command)).rejects.toThrow(message);
  });

  test('an address that is presigned in the old way says what to do', async () => {
    const address = await aws('s3 presign s3://<AWS::S3::Bucket>/truststore.pem');
    const answer = await fetch(address);
    if (address.includes('X-Amz-Signature')) expect(answer.status).toBe(200);
    else expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('AWS4-HMAC-SHA256')]);
  });

  test('a role is told with its session', async () => {
    const role = Object.values(sandbox.resources).find(({ type }) => type === 'AWS::IAM::Role');
    const credentials = sandbox.environment({ role: String(role?.attributes['Arn']) });
    const { stdout } = await run('aws', ['sts', 'get-caller-identity'], { env: { ...environment, ...credentials } });
    expect(JSON.parse(stdout).Arn).toBe(`arn:aws:sts::123456789012:assumed-role/${role?.physicalId}/sandbox`);
  });

  test('logs of a function are in the streams of its processes', async () => {
    const streams = await aws(
      'logs describe-log-streams --log-group-name /aws/lambda/<Schedule> --query logStreams[].logStreamName',
    );
    expect(streams).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}/);
  });
});
