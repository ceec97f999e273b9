// Parts of a mesh that a user writes: subclasses of the abstract classes, and constructs behind the interfaces.
import { CfnResource, CustomResource, type Stack } from 'aws-cdk-lib';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct, type IDependable } from 'constructs';
import {
  CertificateAuthority,
  CertificateIssuer,
  ExternalClient,
  ExternalIdentity,
  type ICertificateIssuer,
  type IMeshRegistry,
  type IMtlsGateway,
  type ITrustAnchor,
  type ITruststore,
  MeshClient,
  MeshIntegration,
  type MeshIntegrationBindOptions,
  type MeshIntegrationConfig,
  MeshService,
  MtlsGateway,
  TrustAnchorSource,
  type TrustAnchorSourceConfig,
  type TruststoreUser,
} from '../../lib';
import { type Authority, createRoot } from '../pki/authorities';
import {
  dependenciesOf,
  newMesh,
  newStack,
  onlyResource,
  resourcesOf,
  resourcesOfType,
  serverCertificate,
} from './mesh-stack';

const EXTERNAL_CLIENT = 'Custom::MtlsExternalClient';
const CLIENT_CERTIFICATE = 'Custom::MtlsClientCertificate';

let root: Authority;
beforeAll(async () => {
  root = await createRoot('Partner Root');
});

describe('an integration of the user', () => {
  class VersionedIntegration extends MeshIntegration {
    readonly boundTo: MeshIntegrationBindOptions[] = [];

    override bind(options: MeshIntegrationBindOptions): MeshIntegrationConfig {
      this.boundTo.push(options);
      const parameterMapping = MeshIntegration.identityHeaders().appendHeader(
        'x-service-version',
        apigatewayv2.MappingValue.custom('2'),
      );
      const url = `https://${options.serviceName}.example.com`;
      const integration = new HttpUrlIntegration('Integration', url, { parameterMapping });
      return { root: integration, below: integration };
    }
  }

  test('serves both routes, with the identity headers and what it adds itself', () => {
    const stack = newStack();
    const mesh = newMesh(stack);
    const integration = new VersionedIntegration();
    const service = mesh.addService('schedule', { integration });

    const { Properties, logicalId } = onlyResource(stack, 'AWS::ApiGatewayV2::Integration');
    expect(Properties).toMatchObject({
      IntegrationUri: 'https://schedule.example.com',
      RequestParameters: {
        'overwrite:header.x-mesh-client-name': '$context.authorizer.clientName',
        'overwrite:header.x-mesh-spiffe-id': '$context.authorizer.spiffeId',
        'append:header.x-service-version': '2',
      },
    });
    const routes = Object.values(resourcesOfType(stack, 'AWS::ApiGatewayV2::Route'));
    expect(routes.map((route) => [route.Properties['RouteKey'], route.Properties['AuthorizationType']])).toEqual([
      ['ANY /schedule', 'CUSTOM'],
      ['ANY /schedule/{proxy+}', 'CUSTOM'],
    ]);
    for (const route of routes) expect(JSON.stringify(route.Properties['Target'])).toContain(logicalId);
    expect(integration.boundTo).toEqual([{ scope: service, serviceName: 'schedule', gateway: mesh.gateway }]);
  });

  test('gets a mapping of its own each time, so that a change of one changes no other', () => {
    expect(MeshIntegration.identityHeaders()).not.toBe(MeshIntegration.identityHeaders());
  });
});

describe('a source of the user', () => {
  class GivenSource extends TrustAnchorSource {
    constructor(private readonly config: TrustAnchorSourceConfig) {
      super();
    }

    override bind(): TrustAnchorSourceConfig {
      return this.config;
    }
  }
  const bucketObject = (stack: Stack) => ({
    bucket: s3.Bucket.fromBucketName(stack, 'Partners', 'partners'),
    objectKey: 'partner.pem',
    objectVersion: 'v7',
  });

  test('is published from its text', () => {
    const stack = newStack();
    newMesh(stack).addTrustAnchor('partner', new GivenSource({ pem: root.pem }));
    expect(onlyResource(stack, 'Custom::MtlsTruststore').Properties['TrustAnchors']).toEqual([{ Pem: root.pem }]);
  });

  test('is published from an object, which publisher and issuer may read', () => {
    const stack = newStack();
    const mesh = newMesh(stack);
    const partner = mesh.addTrustAnchor('partner', new GivenSource({ bucketObject: bucketObject(stack) }));
    mesh.addExternalClient('billing', { trustAnchor: partner, identity: ExternalIdentity.subject('CN=billing') });

    expect(onlyResource(stack, 'Custom::MtlsTruststore').Properties['TrustAnchors']).toEqual([
      { BucketName: 'partners', ObjectKey: 'partner.pem', VersionId: 'v7' },
    ]);
    const readers = Object.values(resourcesOfType(stack, 'AWS::IAM::Policy')).filter(({ Properties }) =>
      JSON.stringify(Properties).includes(':s3:::partners/partner.pem'),
    );
    expect(readers.map(({ Properties }) => JSON.stringify(Properties['Roles']))).toEqual([
      expect.stringContaining('TruststorePublisher'),
      expect.stringContaining('Issuer'),
    ]);
  });

  test.each<[string, string, (stack: Stack) => TrustAnchorSourceConfig]>([
    ['nothing', 'source must give either pem or bucketObject', () => ({})],
    [
      'a text and an object',
      'source must give either pem or bucketObject',
      (stack) => ({ pem: root.pem, bucketObject: bucketObject(stack) }),
    ],
    [
      'a private key',
      'source must be certificates in PEM: the text contains a private key: remove it, and replace it if others could read it (the vault)',
      () => ({
        pem: root.pem + String(root.privateKey.export({ format: 'pem', type: 'pkcs8' })),
        description: 'the vault',
      }),
    ],
    ['no certificate', 'source must be certificates in PEM: there is no PEM block "CERTIFICATE"', () => ({ pem: '' })],
    [
      'an object with a pattern for a key',
      'source key must be 1 to 1024 letters',
      (stack) => ({ bucketObject: { ...bucketObject(stack), objectKey: '*' } }),
    ],
  ])('is refused at synthesis when it gives %s', (_what, message, config) => {
    const stack = newStack();
    const mesh = newMesh(stack);
    expect(() => mesh.addTrustAnchor('partner', new GivenSource(config(stack)))).toThrow(
      `Test/Mesh/TrustAnchor-partner: ${message}`,
    );
  });
});

describe('parts of the user behind the interfaces', () => {
  /** What a registry, truststore, gateway and issuer of another stack look like from this one. */
  class ForeignRegistry extends Construct implements IMeshRegistry {
    readonly trustDomain = 'mesh.example.com';
    readonly table: dynamodb.ITable = dynamodb.Table.fromTableName(this, 'Table', 'mtls-mesh.mesh.example.com');
    readonly granted: string[] = [];

    grantLookup(grantee: iam.IGrantable): iam.Grant {
      return this.grant('lookup', grantee);
    }
    grantRegister(grantee: iam.IGrantable): iam.Grant {
      return this.grant('register', grantee);
    }
    grantRecord(grantee: iam.IGrantable): iam.Grant {
      return this.grant('record', grantee);
    }
    grantMaintain(grantee: iam.IGrantable): iam.Grant {
      return this.grant('maintain', grantee);
    }
    grantRevoke(grantee: iam.IGrantable): iam.Grant {
      return this.grant('revoke', grantee);
    }
    grantSurvey(grantee: iam.IGrantable): iam.Grant {
      return this.grant('survey', grantee);
    }
    grantOperate(grantee: iam.IGrantable): iam.Grant {
      return this.grant('operate', grantee);
    }

    private grant(verb: string, grantee: iam.IGrantable): iam.Grant {
      this.granted.push(verb);
      return iam.Grant.addToPrincipal({ grantee, actions: ['dynamodb:*'], resourceArns: [this.table.tableArn] });
    }
  }

  class ForeignTruststore extends Construct implements ITruststore {
    readonly bucket: s3.IBucket = s3.Bucket.fromBucketName(this, 'Bucket', 'truststores');
    readonly objectKey = 'mesh.pem';
    readonly versionId = 'v1';
    readonly users: TruststoreUser[] = [];

    addTrustAnchor(trustAnchor: ITrustAnchor): void {
      throw new Error(`${trustAnchor.node.path}: this truststore is fixed`);
    }

    waitForUse(scope: Construct, user: TruststoreUser): IDependable {
      this.users.push(user);
      return new CfnResource(scope, 'Waits', { type: 'AWS::CloudFormation::WaitConditionHandle' });
    }
  }

  class ForeignIssuer extends Construct implements ICertificateIssuer {
    readonly trustDomain = 'mesh.example.com';
    readonly certificateAuthority = CertificateAuthority.fromCertificateAuthorityAttributes(this, 'Authority', {
      certificateAuthorityArn:
        'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555',
      certificateChain: root.pem,
    });
    readonly deploymentHandler = lambda.Function.fromFunctionArn(
      this,
      'Deployment',
      'arn:aws:lambda:eu-central-1:123456789012:function:deployment',
    );
    readonly rotationHandler = lambda.Function.fromFunctionArn(
      this,
      'Rotation',
      'arn:aws:lambda:eu-central-1:123456789012:function:rotation',
    );
    readonly truststoreInUse: IDependable = new CustomResource(this, 'InUse', { serviceToken: 'arn' });
    readonly rotationPermission: IDependable = new CustomResource(this, 'Permission', { serviceToken: 'arn' });
    readonly requestUrl = 'https://issuer.example.com/';
    readonly requesters: iam.IGrantable[] = [];
    readonly served: IConstruct[] = [];

    grantRequest(grantee: iam.IGrantable): iam.Grant {
      this.requesters.push(grantee);
      return iam.Grant.drop(grantee, 'granted elsewhere');
    }
    grantRotate(grantee: iam.IGrantable): iam.Grant {
      return iam.Grant.drop(grantee, 'granted elsewhere');
    }
    grantRevoke(grantee: iam.IGrantable): iam.Grant {
      return iam.Grant.drop(grantee, 'granted elsewhere');
    }
    serveStackOf(construct: IConstruct): void {
      this.served.push(construct);
    }
  }

  test('a gateway stands on a registry and a truststore of the user', () => {
    const stack = newStack();
    const registry = new ForeignRegistry(stack, 'Registry');
    const truststore = new ForeignTruststore(stack, 'Truststore');
    const gateway: IMtlsGateway = new MtlsGateway(stack, 'Gateway', {
      domainName: 'mesh.example.com',
      serverCertificate: serverCertificate(stack),
      registry,
      truststore,
    });

    expect(registry.granted).toEqual(['lookup']);
    expect(truststore.users.map(({ domainName }) => domainName)).toEqual(['mesh.example.com']);
    expect(gateway.truststoreInUse).toBe(stack.node.findChild('Gateway').node.findChild('Waits'));
    expect(onlyResource(stack, 'AWS::ApiGatewayV2::DomainName').Properties['MutualTlsAuthentication']).toEqual({
      TruststoreUri: 's3://truststores/mesh.pem',
      TruststoreVersion: 'v1',
    });
  });

  test('an issuer stands on a registry and a gateway of the user', () => {
    const stack = newStack();
    const registry = new ForeignRegistry(stack, 'Registry');
    const gateway = foreignGateway(stack, new apigatewayv2.HttpApi(stack, 'Api'));
    const issuer = new CertificateIssuer(stack, 'Issuer', {
      registry,
      gateway,
      certificateAuthority: CertificateAuthority.shortLivedRoot(stack, 'Authority'),
    });
    new MeshClient(stack, 'Client', { clientName: 'mail', issuer });

    expect(registry.granted).toEqual(['register', 'record', 'maintain', 'revoke']);
    const certificate = onlyResource(stack, CLIENT_CERTIFICATE);
    expect(dependenciesOf(resourcesOf(stack), certificate.logicalId)).toContain(
      stack.getLogicalId(gateway.truststoreInUse),
    );
  });

  test('clients are registered by an issuer of the user, after what it waits for', () => {
    const stack = newStack();
    const issuer = new ForeignIssuer(stack, 'Issuer');
    const client = new MeshClient(stack, 'Client', { clientName: 'mail', issuer });
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    client.grantRequest(role);

    const { Properties, DependsOn, logicalId } = onlyResource(stack, CLIENT_CERTIFICATE);
    expect(Properties).toMatchObject({
      ServiceToken: 'arn:aws:lambda:eu-central-1:123456789012:function:deployment',
      Requesters: [stack.resolve(role.roleArn)],
    });
    expect(DependsOn).toEqual([expect.stringMatching(/^IssuerInUse/)]);
    expect(issuer.requesters).toEqual([role]);
    expect(issuer.served).toEqual([client]);
    const rotation = onlyResource(stack, 'AWS::SecretsManager::RotationSchedule');
    expect(rotation.DependsOn).toEqual(
      expect.arrayContaining([logicalId, expect.stringContaining('IssuerPermission')]),
    );
  });

  test('an external client is registered for a trust anchor of the user, one identity for one client', () => {
    const stack = newStack();
    const issuer = new ForeignIssuer(stack, 'Issuer');
    const trustAnchor: ITrustAnchor = Object.assign(new Construct(stack, 'Anchor'), {
      trustAnchorName: 'partner',
      certificates: { pem: root.pem },
    });
    const identity = ExternalIdentity.subject('CN=billing');
    new ExternalClient(stack, 'Billing', { clientName: 'billing', issuer, trustAnchor, identity });

    expect(onlyResource(stack, EXTERNAL_CLIENT).Properties).toMatchObject({
      TrustAnchorName: 'partner',
      TrustAnchor: { Pem: root.pem },
      IdentityKind: 'SUBJECT',
      IdentityValue: 'CN=billing',
    });
    expect(
      () => new ExternalClient(newStack(), 'Shipping', { clientName: 'shipping', issuer, trustAnchor, identity }),
    ).toThrow('identity must be unique within the trust anchor, got "CN=billing", which belongs to Test/Billing');
  });

  test('a service refuses a gateway whose API lets requests in without an authorizer', () => {
    const stack = newStack();
    const gateway = foreignGateway(stack, new apigatewayv2.HttpApi(stack, 'Open'));
    const integration = MeshIntegration.http('https://schedule.example.com');

    const issuer = new ForeignIssuer(stack, 'Issuer');

    expect(() => new MeshService(stack, 'Service', { serviceName: 'schedule', gateway, issuer, integration })).toThrow(
      'Test/Service: gateway must have an httpApi with a default authorizer, got none',
    );
  });

  function foreignGateway(stack: Stack, httpApi: apigatewayv2.IHttpApi) {
    return Object.assign(new Construct(stack, 'Gateway'), {
      domainName: 'mesh.example.com',
      url: 'https://mesh.example.com',
      httpApi,
      truststore: new ForeignTruststore(stack, 'Truststore'),
      truststoreInUse: new CfnResource(stack, 'InUse', { type: 'AWS::CloudFormation::WaitConditionHandle' }),
    }) satisfies IMtlsGateway;
  }
});
