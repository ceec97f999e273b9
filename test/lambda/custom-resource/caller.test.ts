import { assertResponseUrlOfS3, otherAccountIn } from '../../../lambda/custom-resource/caller';

const FUNCTION = 'arn:aws:lambda:eu-central-1:111122223333:function:issuer';

test.each([
  [`${FUNCTION}:account-444455556666`, '444455556666'],
  [FUNCTION, undefined],
  [`${FUNCTION}:$LATEST`, undefined],
  [`${FUNCTION}:7`, undefined],
  [`${FUNCTION}:account-44445555666`, undefined],
  [`${FUNCTION}:account-4444555566667`, undefined],
  [`${FUNCTION}:account-`, undefined],
  [`${FUNCTION}:my-account-444455556666`, undefined],
  [`${FUNCTION}-account-444455556666`, undefined],
])('the function %s was invoked by the account %s', (invokedFunctionArn, account) => {
  expect(otherAccountIn({ invokedFunctionArn })).toBe(account);
});

test.each([
  'https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/arn%3Aaws/x?X-Amz-Signature=1',
  'https://cloudformation-custom-resource-response-eucentral1.s3.eu-central-1.amazonaws.com/x',
  'https://cloudformation-custom-resource-response-euwest1.s3-eu-west-1.amazonaws.com/x',
  'https://cloudformation-custom-resource-response-cnnorth1.s3.cn-north-1.amazonaws.com.cn/x',
  'https://cloudformation-custom-resource-response-euscdeeast1.s3.eusc-de-east-1.amazonaws.eu/x',
])('the response URL %s is one of Amazon S3', (url) => {
  expect(() => assertResponseUrlOfS3(url, {})).not.toThrow();
});

test.each([
  'http://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/x',
  'https://169.254.169.254/latest/meta-data',
  'http://127.0.0.1:9001/2018-06-01/runtime/init/error',
  'https://amazonaws.com.example.com/x',
  'https://ec2-203-0-113-25.compute-1.amazonaws.com/x',
  'https://bucket.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com/x',
  'https://s3.amazonaws.com/bucket/x',
  'https://example-amazonaws.com/x',
  'https://s3.amazonaws.com@example.com/x',
  'https://example.com/.amazonaws.com',
  'http://127.0.0.1:4567/x',
])('the response URL %s is none of Amazon S3', (url) => {
  expect(() => assertResponseUrlOfS3(url, { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' })).toThrow(
    'the ResponseURL of the event is not that of an object in Amazon S3',
  );
});

test('the response URL may be at the endpoint that the function has for S3', () => {
  expect(() =>
    assertResponseUrlOfS3('http://127.0.0.1:4566/x', { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }),
  ).not.toThrow();
});
