import type { CustomResourceRequest } from '../../../lambda/custom-resource/request';

export const REQUEST_ID = '2f5b8a1e-6c3d-4e7f-9a0b-1c2d3e4f5a6b';

/** An event as CloudFormation sends it. */
export function createEvent(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    RequestType: 'Create',
    RequestId: REQUEST_ID,
    ResponseURL: 'http://127.0.0.1:9/answer?X-Amz-Signature=presigned',
    StackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/mesh/11111111-2222-3333-4444-555555555555',
    LogicalResourceId: 'MailCertificate',
    ResourceType: 'Custom::MtlsClientCertificate',
    ServiceToken: 'arn:aws:lambda:eu-central-1:111122223333:function:issuer',
    ResourceProperties: { ServiceToken: 'arn:aws:lambda:eu-central-1:111122223333:function:issuer' },
    ...overrides,
  };
}

export function createRequest(overrides: Partial<CustomResourceRequest> = {}): CustomResourceRequest {
  return {
    requestType: 'Create',
    requestId: REQUEST_ID,
    recordedAt: new Date(),
    stackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/mesh/11111111-2222-3333-4444-555555555555',
    logicalResourceId: 'MailCertificate',
    physicalResourceId: undefined,
    properties: {},
    oldProperties: {},
    responseUrl: 'http://127.0.0.1:9/answer?X-Amz-Signature=presigned',
    ...overrides,
  };
}
