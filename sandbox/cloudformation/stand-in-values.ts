import { createHash } from 'node:crypto';
import { type Account, globalArn, regionalArn } from '../account';
import type { Properties } from './resource-type';

/** What the made-up values of a resource follow from. */
export interface StandInIdentity {
  /** Such as `AWS::SQS::Queue`. */
  readonly type: string;
  readonly properties: Properties;
  readonly account: Account;
  /** The URL of the AWS services of the sandbox. */
  readonly endpointUrl: string;
}

/**
 * The types whose `Ref` is an ARN, by service, among those that templates often have.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
 */
const ARN_AS_REF: Readonly<Record<string, readonly string[]>> = {
  AppSync: ['DataSource', 'FunctionConfiguration', 'Resolver'],
  AutoScaling: ['ScalingPolicy'],
  Batch: ['ComputeEnvironment', 'JobDefinition', 'JobQueue', 'SchedulingPolicy'],
  CloudFront: ['Function'],
  CodeStarConnections: ['Connection'],
  ECS: ['CapacityProvider', 'Service', 'TaskDefinition'],
  ElasticLoadBalancingV2: ['Listener', 'ListenerRule', 'LoadBalancer', 'TargetGroup', 'TrustStore'],
  GlobalAccelerator: ['Accelerator', 'EndpointGroup', 'Listener'],
  IAM: ['OIDCProvider', 'SAMLProvider'],
  Kinesis: ['StreamConsumer'],
  Lambda: ['CodeSigningConfig', 'LayerVersion'],
  MSK: ['Cluster', 'Configuration', 'ServerlessCluster'],
  RDS: ['DBProxyTargetGroup'],
  SSO: ['PermissionSet'],
  StepFunctions: ['Activity', 'StateMachine', 'StateMachineAlias', 'StateMachineVersion'],
};

/** The prefixes of the IDs of EC2, which are the values of `Ref`. */
const EC2_ID_PREFIXES: Readonly<Record<string, string>> = {
  CustomerGateway: 'cgw',
  DHCPOptions: 'dopt',
  EgressOnlyInternetGateway: 'eigw',
  FlowLog: 'fl',
  Instance: 'i',
  InternetGateway: 'igw',
  LaunchTemplate: 'lt',
  NatGateway: 'nat',
  NetworkAcl: 'acl',
  NetworkInterface: 'eni',
  PrefixList: 'pl',
  RouteTable: 'rtb',
  SecurityGroup: 'sg',
  Subnet: 'subnet',
  TransitGateway: 'tgw',
  TransitGatewayAttachment: 'tgw-attach',
  Volume: 'vol',
  VPC: 'vpc',
  VPCEndpoint: 'vpce',
  VPCPeeringConnection: 'pcx',
  VPNGateway: 'vgw',
};

/** Services whose ARNs have another name than their types. */
const ARN_SERVICES: Readonly<Record<string, string>> = {
  ApplicationAutoScaling: 'autoscaling',
  CertificateManager: 'acm',
  CloudWatch: 'cloudwatch',
  Cognito: 'cognito-idp',
  EFS: 'elasticfilesystem',
  ElasticLoadBalancingV2: 'elasticloadbalancing',
  KinesisFirehose: 'firehose',
  MSK: 'kafka',
  OpenSearchService: 'es',
  Elasticsearch: 'es',
  StepFunctions: 'states',
};

/** Services without a Region in their ARNs. */
const GLOBAL_SERVICES = ['CloudFront', 'IAM', 'Route53', 'GlobalAccelerator'];

/** The name in the template: `QueueName` or `Name` of a queue. */
export function givenName({ type, properties }: StandInIdentity): string | undefined {
  const [, kind] = partsOf(type);
  const names = [`${kind}Name`, `${kind}Identifier`, `${kind.replace(/^DB/, '')}Name`, 'Name'];
  const given = names.map((name) => properties[name]).find((value) => typeof value === 'string' && value !== '');
  return given as string | undefined;
}

/** The value of `Ref` to a resource with that name. */
export function physicalIdFor(identity: StandInIdentity, name: string): string {
  const [service, kind] = partsOf(identity.type);
  // It attaches a secret to a database, and stands for the secret from then on.
  if (kind === 'SecretTargetAttachment') return String(identity.properties['SecretId']);
  if (identity.type === 'AWS::SQS::Queue') return `${identity.endpointUrl}/${identity.account.id}/${name}`;
  if (service === 'EC2' && kind === 'EIP') return address(name);
  const prefix = service === 'EC2' ? EC2_ID_PREFIXES[kind] : undefined;
  if (prefix !== undefined) return `${prefix}-${hash(name, 17)}`;
  return ARN_AS_REF[service]?.includes(kind) ? arn(identity, name) : name;
}

/** The value of `Fn::GetAtt`. A property with the name of the attribute is its value. */
export function attributeValue(identity: StandInIdentity, physicalId: string, attribute: string): unknown {
  const given = identity.properties[attribute];
  if (typeof given === 'string' || typeof given === 'number') return String(given);
  const name = physicalId.split(/[/:]/).at(-1) ?? physicalId;
  const known = VALUES.find(([pattern]) => pattern.test(attribute));
  return known === undefined ? `${name}-${attribute}` : known[1]({ identity, physicalId, name, attribute });
}

interface Named {
  readonly identity: StandInIdentity;
  readonly physicalId: string;
  readonly name: string;
  readonly attribute: string;
}

/** By what the name of the attribute ends with, or its last part. The first that matches applies. */
const VALUES: readonly (readonly [RegExp, (named: Named) => unknown])[] = [
  [/Arns$/i, (named) => [ownArn(named)]],
  [/Arn$/i, ownArn],
  [/(^|\.)(QueueUrl)$/, ({ physicalId }) => physicalId],
  [/Ur[il]s$/i, (named) => [`https://${host(named)}`]],
  [/RepositoryUri$/, (named) => `${host(named)}/${named.name}`],
  [/Ur[il]$/i, (named) => `https://${host(named)}`],
  [/DnsEntries$/i, (named) => [`Z${hash(named.name, 13).toUpperCase()}:${host(named)}`]],
  [/NameServers$/i, (named) => [1, 2, 3, 4].map((number) => `ns-${number}.${host(named)}`)],
  [/Port$/i, ({ identity }) => String(identity.properties['Port'] ?? 443)],
  [/HostedZone(Name)?Id$/i, ({ name }) => `Z${hash(name, 13).toUpperCase()}`],
  [/^(DefaultSecurityGroup|DefaultNetworkAcl|GroupId|VpcId|SubnetId)$/, ec2Id],
  [/SecurityGroups$/, (named) => [ec2Id({ ...named, attribute: 'DefaultSecurityGroup' })]],
  [/Ipv6CidrBlocks$/i, ({ name }) => [`2001:db8:${hash(name, 4)}::/56`]],
  [/CidrBlock(Associations|s)$/i, (named) => [`vpc-cidr-assoc-${hash(named.name, 17)}`]],
  [/CidrBlock$/i, () => '192.0.2.0/24'],
  [/AvailabilityZone$/, ({ identity }) => `${identity.account.region}a`],
  [/Ip(Address)?(es|s)$|Addresses$/i, ({ name }) => [address(name)]],
  [/(^|\.)(\w*Ip|\w*IpAddress)$/i, ({ name }) => address(name)],
  [/Endpoints$/i, (named) => [host(named)]],
  [/(Address|Endpoint|DNSName|DomainName|Host|HostName|Fqdn)$/i, host],
  [/Name$/, ({ name }) => name],
  [/(Ids|Identifiers)$/, ({ name, attribute }) => [hash(name + attribute, 17)]],
  [/(Id|ID|Identifier)$/, ({ name, attribute }) => hash(name + attribute, 17)],
  [/(Status|State)$/, () => 'ACTIVE'],
  [/(Version|VersionNumber|Revision)$/, () => '1'],
  [/(At|Date|Time|Timestamp)$/, () => '2026-01-01T00:00:00Z'],
  [/(^|\.)(Is|Has)[A-Z]/, () => 'false'],
];

function partsOf(type: string): readonly [string, string] {
  const [, service = '', kind = ''] = type.split('::');
  return [service, kind];
}

function ownArn({ identity, physicalId, name, attribute }: Named): string {
  const [, kind] = partsOf(identity.type);
  const own = physicalId.startsWith('arn:') ? physicalId : arn(identity, name);
  const part = attribute.replace(/Arns?$/i, '').replace(/\W/g, '');
  const isOwn = part === '' || kind.toLowerCase().endsWith(part.toLowerCase());
  return isOwn ? own : `${own}/${part.toLowerCase()}/${hash(name, 8)}`;
}

function arn({ type, account }: StandInIdentity, name: string): string {
  const [service, kind] = partsOf(type);
  const namespace = ARN_SERVICES[service] ?? service.toLowerCase();
  const resource = service === 'SQS' ? name : `${kind[0]?.toLowerCase()}${kind.slice(1)}${separator(service)}${name}`;
  return (GLOBAL_SERVICES.includes(service) ? globalArn : regionalArn)(account, namespace, resource);
}

function separator(service: string): ':' | '/' {
  return ['StepFunctions', 'RDS', 'ElastiCache', 'Lambda', 'Logs'].includes(service) ? ':' : '/';
}

/** The ID of another resource of EC2 that belongs to this one, or of this one. */
function ec2Id({ physicalId, name, attribute }: Named): string {
  const prefix = { DefaultNetworkAcl: 'acl', VpcId: 'vpc', SubnetId: 'subnet' }[attribute] ?? 'sg';
  return physicalId.startsWith(`${prefix}-`) ? physicalId : `${prefix}-${hash(name + attribute, 17)}`;
}

/** A name that no resolver knows. https://www.rfc-editor.org/rfc/rfc2606 */
function host({ identity: { type, account }, name }: Named): string {
  const label =
    name
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .slice(0, 63)
      .replace(/^-+|-+$/g, '') || 'stand-in';
  return `${label}.${partsOf(type)[0].toLowerCase()}.${account.region}.invalid`;
}

/** An address for documentation. https://www.rfc-editor.org/rfc/rfc5737 */
function address(name: string): string {
  return `192.0.2.${(Number.parseInt(hash(name, 4), 16) % 254) + 1}`;
}

function hash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
