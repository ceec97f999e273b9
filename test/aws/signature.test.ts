import { AwsV4Signer } from 'aws4fetch';
import { assert, asyncProperty, constantFrom, dictionary, option, string, tuple } from 'fast-check';
import { signedHeaders } from '../../aws/signature';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const now = new Date('2015-08-30T12:36:00Z');

describe('a signature', () => {
  test.each([
    ['/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['/?Param2=value2&Param1=value1', 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500'],
  ])('of GET %s is that of AWS’s test suite', (path, signature) => {
    const url = new URL(path, 'https://example.amazonaws.com');

    const { authorization } = signedHeaders(
      { method: 'GET', url },
      { service: 'service', region: 'us-east-1' },
      credentials,
      now,
    );

    expect(authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        `SignedHeaders=host;x-amz-date, Signature=${signature}`,
    );
  });

  test('is that of another implementation for any path, query, header, body, and session token', async () => {
    const segment = string({ unit: 'grapheme' }).map((text) => encodeURIComponent(text.replaceAll('/', '')));
    const query = dictionary(string({ minLength: 1 }), string()).map((values) =>
      new URLSearchParams(values).toString(),
    );
    const request = tuple(
      constantFrom('s3', 'dynamodb', 'lambda'),
      constantFrom('GET', 'POST', 'PUT'),
      tuple(segment, segment).map((segments) => segments.join('/')),
      query,
      constantFrom<Record<string, string>>(
        {},
        { 'Content-Type': 'text/plain', 'X-Amz-Target': ' DynamoDB.GetItem  twice ' },
      ),
      string({ unit: 'grapheme' }),
      option(string({ minLength: 1, unit: 'grapheme-ascii' }).map(encodeURIComponent), { nil: undefined }),
    );

    await assert(
      asyncProperty(request, async ([service, method, path, parameters, headers, body, sessionToken]) => {
        const scope = { service, region: 'eu-central-1' };
        const url = new URL(`https://example.amazonaws.com/${path}?${parameters}`);

        const signed = signedHeaders({ method, url, headers, body }, scope, { ...credentials, sessionToken }, now);

        const { authorization, ...unsigned } = signed;
        const datetime = '20150830T123600Z';
        const options = { ...credentials, ...scope, sessionToken, datetime, allHeaders: true };
        const other = await new AwsV4Signer({ ...options, url: String(url), method, headers: unsigned, body }).sign();
        expect(authorization).toBe(other.headers.get('authorization'));
      }),
    );
  });
});
