import type { Account } from '../account';
import { firstDynamicReference } from './dynamic-references';
import { physicalName } from './physical-name';
import type { Properties, Resource, ResourceRequest, ResourceType } from './resource-type';
import { attributeValue, givenName, physicalIdFor, type StandInIdentity } from './stand-in-values';

/** The longest name that most services take. */
const MAX_NAME = 64;

/**
 * Types that never stand in: what they say about who may call what would be lost without a sign.
 *
 * - The APIs of API Gateway and ACM PCA decide who gets through.
 * - A policy of a service that the sandbox has can deny. Users, groups, and providers of identities stand in.
 * - A macro changes the template, and a custom resource has a function of its own.
 */
const NO_STAND_IN =
  /^AWS::(ApiGateway(V2)?::|ACMPCA::|(IAM|Events|S3|SNS)::\w*Policy$|CloudFormation::(CustomResource|Macro)$)/;

/** Custom resources of the CDK whose functions are not called, because they change what the sandbox doesn't have. */
const CUSTOM_STAND_INS = [
  'Custom::AWSCDKOpenIdConnectProvider',
  'Custom::CDKBucketDeployment',
  'Custom::CloudwatchLogResourcePolicy',
  'Custom::ECRAutoDeleteImages',
  'Custom::LogRetention',
  'Custom::S3BucketNotifications',
  'Custom::VpcRestrictDefaultSG',
];

/**
 * Packages of Lambda's runtime that the functions of custom resources of the CDK load. Without its package, such a resource
 * stands in, because an app in another language has no `node_modules`.
 */
const NEEDED_PACKAGES: Readonly<Record<string, string>> = { 'Custom::S3AutoDeleteObjects': '@aws-sdk/client-s3' };

/** What stand-ins depend on. */
export interface StandInSurroundings {
  readonly account: Account;
  /** Of the AWS services. */
  readonly endpointUrl: string;
  /** Whether functions in Node.js get the package, which Lambda's runtime supplies. */
  supplies(packageName: string): boolean;
}

/**
 * The type of a resource that the sandbox doesn't know. Nothing happens when it is created, updated, or deleted. `Ref`
 * and `Fn::GetAtt` have made-up values in the form that AWS documents for such names. None of them leads out of the
 * sandbox: host names end with `.invalid` (RFC 2606), IP addresses are those for documentation (RFC 5737), and the URL of
 * a queue is one of `endpointUrl`.
 *
 * @returns undefined for a type that must not stand in, and for one that isn't of AWS
 */
export function standInType(
  name: string,
  { account, endpointUrl, supplies }: StandInSurroundings,
): ResourceType | undefined {
  const isOfAws = /^AWS::\w+::\w+$/.test(name) && !NO_STAND_IN.test(name);
  const neededPackage = NEEDED_PACKAGES[name];
  const lacksPackage = neededPackage !== undefined && !supplies(neededPackage);
  if (!isOfAws && !CUSTOM_STAND_INS.includes(name) && !lacksPackage) return undefined;
  const identity = (properties: Properties): StandInIdentity => ({
    type: name,
    properties: literal(properties),
    account,
    endpointUrl,
  });
  const make = (request: ResourceRequest): Resource => {
    const known = identity(request.properties);
    return { physicalId: physicalIdFor(known, givenName(known) ?? physicalName(request, MAX_NAME)), attributes: {} };
  };
  return {
    properties: {},
    otherProperties: 'mutable',
    dynamicReferences: 'kept',
    create: async (request) => make(request),
    update: async (request, resource, oldProperties) => {
      const isRenamed = givenName(identity(request.properties)) !== givenName(identity(oldProperties));
      return isRenamed ? make(request) : resource;
    },
    delete: async () => undefined,
    attribute: (resource, properties, attribute) =>
      attributeValue(identity(properties), resource.physicalId, attribute),
    notices: () => [lacksPackage ? `stands in without ${neededPackage} in node_modules` : 'stands in'],
  };
}

/** Without dynamic references, which must not become values of `Ref` or `Fn::GetAtt`. */
function literal(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => firstDynamicReference(value) === undefined),
  );
}
