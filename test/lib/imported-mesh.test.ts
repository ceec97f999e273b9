import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { ExternalIdentity, MeshIntegration, MtlsServiceMesh, SigningAlgorithm, TrustAnchorSource } from '../../lib';
import { type Authority, createRoot } from '../pki/authorities';
import { newFunction, newMesh, newStack, onlyResource, resourcesOf, resourcesOfType } from './mesh-stack';

const PARAMETER = 'AWS::SSM::Parameter';

describe('a mesh that other stacks may import', () => {
  test('says what they need to know, in one parameter, whatever the number of stacks', () => {
    const stack = newStack();
    const mesh = newMesh(stack);
    expect(Object.keys(resourcesOfType(newMeshStack(), PARAMETER))).toEqual([]);
    mesh.allowStack('mail-app');
    mesh.allowStack('social-*');

    const { Properties } = onlyResource(stack, PARAMETER);
    expect(Properties['Name']).toBe('/mtls-mesh/mesh.example.com');
    const { issuer, gateway } = mesh;
    expect(stack.resolve(Properties['Value'])).toEqual({
      'Fn::Join': [
        ',',
        stack.resolve([
          'mesh.example.com',
          gateway.httpApi.apiId,
          gateway.authorizerId,
          issuer.deploymentHandler.functionArn,
          issuer.rotationHandler.functionArn,
          issuer.requestFunctionArn,
          issuer.requestUrl,
          mesh.certificateAuthority.certificateAuthorityArn,
          'SHA256WITHECDSA',
        ]),
      ].map((part) => (Array.isArray(part) ? expect.anything() : part)),
    });
    const [deployment] = Object.values(resourcesOfType(stack, 'AWS::Lambda::Function')).filter(
      ({ Properties: { Description } }) => String(Description).startsWith('Registers clients'),
    );
    expect(JSON.stringify(deployment?.Properties['Environment'])).toContain(',mail-app,social-*');
    expect(Object.keys(resourcesOfType(stack, 'AWS::ApiGatewayV2::Authorizer'))).toHaveLength(1);
  });

  test.each(['', '*', 'mail*', '-*', 'a/b', '1a', '222222222222/mail'])('refuses the stack name %p', (name) => {
    const mesh = newMesh(newStack());
    expect(() => mesh.allowStack(name)).toThrow('stackName must be the name of a stack, or end with -*');
  });

  function newMeshStack(): Stack {
    const stack = newStack();
    newMesh(stack);
    return stack;
  }
});

describe('a trust anchor that other stacks may use', () => {
  let root: Authority;
  beforeAll(async () => {
    root = await createRoot('Partner Root');
  });
  const publishedBy = (mesh: MtlsServiceMesh, source: TrustAnchorSource) => {
    mesh.allowTrustAnchor(mesh.addTrustAnchor('partner', source));
    const { Properties } = onlyResource(Stack.of(mesh), PARAMETER);
    expect(Properties['Name']).toBe('/mtls-mesh/mesh.example.com/trust-anchors/partner');
    return Properties['Value'];
  };

  test('has its certificates in a parameter, without comments', () => {
    const mesh = newMesh(newStack());
    expect(publishedBy(mesh, TrustAnchorSource.fromPem(`subject=Partner\n${root.pem}`))).toBe(root.pem);
  });

  test('has its object in a parameter, and the issuer may read it', () => {
    const stack = newStack();
    const bucket = s3.Bucket.fromBucketName(stack, 'Partners', 'partners');
    const source = TrustAnchorSource.fromBucketObject(bucket, 'partner.pem', 'v7');
    expect(publishedBy(newMesh(stack), source)).toBe('partners,v7,partner.pem');
    const policies = Object.entries(resourcesOfType(stack, 'AWS::IAM::Policy'));
    const [, policy] = policies.find(([id]) => id.includes('IssuerDeployment')) ?? [];
    expect(JSON.stringify(policy?.Properties['PolicyDocument'])).toContain('s3:GetObjectVersion');
  });

  test('must be in a bucket if it has no room in a parameter', async () => {
    const roots = await Promise.all(['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((name) => createRoot(name)));
    const mesh = newMesh(newStack());
    const anchor = mesh.addTrustAnchor('partner', TrustAnchorSource.fromPem(roots.map(({ pem }) => pem).join('')));
    expect(() => mesh.allowTrustAnchor(anchor)).toThrow(
      /source must be a bucket object for other apps if its certificates have more than 4096 characters, got \d+/,
    );
  });
});

describe('an imported mesh', () => {
  test('has clients, services, and grants of its own stack, and nothing of the mesh’s', () => {
    const stack = newStack();
    const mesh = MtlsServiceMesh.fromMeshName(stack, 'Mesh', 'mesh.example.com');
    const schedule = mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(newFunction(stack)) });
    const mail = mesh.addClient('mail');
    schedule.allow(mail, { methods: [HttpMethod.POST], path: '/events' });
    mail.grantRead(newFunction(stack, 'MailApp'));

    const template = Template.fromStack(stack);
    template.hasParameter('*', {
      Type: 'AWS::SSM::Parameter::Value<String>',
      Default: '/mtls-mesh/mesh.example.com',
    });
    const types = Object.values(resourcesOf(stack)).map(({ Type }) => Type);
    for (const type of [
      'AWS::DynamoDB::Table',
      'AWS::ACMPCA::CertificateAuthority',
      'AWS::ApiGatewayV2::Api',
      'AWS::ApiGatewayV2::Authorizer',
    ]) {
      expect(types).not.toContain(type);
    }
    const field = (index: number) => ({ 'Fn::Select': [index, { 'Fn::Split': [',', { Ref: expect.any(String) }] }] });
    for (const { Properties } of Object.values(resourcesOfType(stack, 'AWS::ApiGatewayV2::Route'))) {
      expect(Properties).toMatchObject({ ApiId: field(1), AuthorizationType: 'CUSTOM', AuthorizerId: field(2) });
    }
    expect(onlyResource(stack, 'Custom::MtlsService').Properties).toMatchObject({
      ServiceToken: field(3),
      ApiId: field(1),
      Grants: ['mail POST /schedule/events'],
    });
    expect(onlyResource(stack, 'Custom::MtlsClientCertificate').Properties).toMatchObject({
      ServiceToken: field(3),
      ClientName: 'mail',
      CertificateAuthorityArn: field(7),
      SigningAlgorithm: field(8),
    });
    expect(onlyResource(stack, 'AWS::SecretsManager::RotationSchedule').Properties).toMatchObject({
      RotationLambdaARN: field(4),
    });
  });

  test('may be given its attributes instead', () => {
    const stack = newStack();
    const mesh = MtlsServiceMesh.fromMeshAttributes(stack, 'Mesh', {
      trustDomain: 'mesh.example.com',
      domainName: 'mesh.example.com',
      apiId: 'a1b2c3',
      authorizerId: 'd4e5f6',
      deploymentFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:deployment',
      rotationFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:rotation',
      requestFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:request',
      requestUrl: 'https://abc.lambda-url.us-east-1.on.aws/',
      certificateAuthorityArn: 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1',
      signingAlgorithm: SigningAlgorithm.SHA256WITHRSA,
    });
    expect(mesh.gateway.url).toBe('https://mesh.example.com');
    expect(mesh.issuer.requestUrl).toBe('https://abc.lambda-url.us-east-1.on.aws/');
    const assumedBy = new iam.ServicePrincipal('ec2.amazonaws.com');
    const role = new iam.Role(stack, 'Mail', { assumedBy, roleName: 'mail' });
    mesh.addClient('mail', { ownKey: true }).grantRequest(role);
    mesh.issuer.grantRotate(role);
    mesh.issuer.grantRevoke(role);

    const { Statement } = onlyResource(stack, 'AWS::IAM::Policy').Properties['PolicyDocument'] as {
      readonly Statement: readonly {
        readonly Action: string;
        readonly Resource: unknown;
        readonly Condition?: object;
      }[];
    };
    const actions = Statement.map(({ Action, Condition }) => `${Action}${Condition ? ' if' : ''}`).sort();
    expect(actions).toEqual([
      'lambda:InvokeFunction',
      'lambda:InvokeFunction',
      'lambda:InvokeFunction if',
      'lambda:InvokeFunctionUrl if',
      'secretsmanager:RotateSecret if',
    ]);
    expect(JSON.stringify(Statement)).toContain('function:mtls-mesh-revoke-mesh-example-com-');
  });

  test('has external clients of the trust anchors that the mesh’s app has named', () => {
    const stack = newStack();
    const mesh = MtlsServiceMesh.fromMeshName(stack, 'Mesh', 'mesh.example.com');
    const trustAnchor = mesh.trustAnchor('partner');
    expect(mesh.trustAnchor('partner')).toBe(trustAnchor);
    mesh.addExternalClient('billing', { trustAnchor, identity: ExternalIdentity.subject('CN=billing') });
    mesh.addExternalClient('shipping', { trustAnchor, identity: ExternalIdentity.subject('CN=shipping') });
    const identity = ExternalIdentity.subject('CN=billing');
    expect(() => mesh.addExternalClient('thief', { trustAnchor, identity })).toThrow(
      'identity must be unique within the trust anchor',
    );

    const template = Template.fromStack(stack);
    const [parameter] = Object.keys(
      template.findParameters('*', { Default: '/mtls-mesh/mesh.example.com/trust-anchors/partner' }),
    );
    template.hasResourceProperties('Custom::MtlsExternalClient', {
      SpiffeId: 'spiffe://mesh.example.com/billing',
      TrustAnchorName: 'partner',
      TrustAnchor: { Published: { Ref: parameter } },
    });
  });

  test('does not know the chain of its authority', () => {
    const mesh = MtlsServiceMesh.fromMeshName(newStack(), 'Mesh', 'mesh.example.com');
    expect(() => mesh.issuer.certificateAuthority.certificateChain).toThrow("isn't known at synthesis");
  });

  test.each(['prod', 'Mesh.example.com', ''])('refuses the trust domain %p', (trustDomain) => {
    expect(() => MtlsServiceMesh.fromMeshName(newStack(), 'Mesh', trustDomain)).toThrow('trustDomain must');
  });

  test('refuses names as a mesh does', () => {
    const mesh = MtlsServiceMesh.fromMeshName(new Stack(new App(), 'Test'), 'Mesh', 'mesh.example.com');
    expect(() => mesh.addClient('Mail')).toThrow('Test/Mesh: client name must be a DNS label');
    expect(() => mesh.addService('a/b', { integration: MeshIntegration.http('https://a.example.com') })).toThrow(
      'Test/Mesh: service name must be a DNS label',
    );
  });
});
