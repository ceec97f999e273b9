import { endpointUrl } from '../../../lambda/aws/endpoint';

test.each([
  [{ AWS_REGION: 'eu-central-1' }, 'https://s3.eu-central-1.amazonaws.com'],
  [{ AWS_REGION: 'cn-north-1' }, 'https://s3.cn-north-1.amazonaws.com.cn'],
  [{ AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, 'http://127.0.0.1:1'],
  [{ AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:2' }, 'http://127.0.0.1:2'],
  [{ AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL_S3: '' }, 'https://s3.eu-central-1.amazonaws.com'],
])('with %j a service is at %s', (environment, url) => {
  expect(endpointUrl('s3', 'S3', environment)).toBe(url);
});
