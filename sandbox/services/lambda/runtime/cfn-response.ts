/**
 * The module that CloudFormation adds to functions whose code is in the template, in Node.js and in Python.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
 */
export const CFN_RESPONSE: Readonly<Record<'node' | 'python', { readonly path: string; readonly text: string }>> = {
  node: {
    path: 'node_modules/cfn-response/index.js',
    text: `
'use strict';
const https = require('node:https');

exports.SUCCESS = 'SUCCESS';
exports.FAILED = 'FAILED';

exports.send = (event, context, status, data, physicalResourceId, noEcho) => {
  const body = JSON.stringify({
    Status: status,
    Reason: 'See the details in CloudWatch Log Stream: ' + context.logStreamName,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: data,
  });
  const { hostname, pathname, search } = new URL(event.ResponseURL);
  const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve) => {
    // A runtime without callbacks ends with the promise.
    const end = () => resolve(context.done?.());
    https
      .request({ hostname, port: 443, path: pathname + search, method: 'PUT', headers }, (response) => {
        console.log('Status code: ' + response.statusCode);
        response.resume().on('end', end);
      })
      .on('error', (error) => {
        console.log('send(..) failed executing https.request(..): ' + error);
        end();
      })
      .end(body);
  });
};
`,
  },
  python: {
    path: 'cfnresponse.py',
    text: `
import json
import urllib.request

SUCCESS = 'SUCCESS'
FAILED = 'FAILED'


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = {
        'Status': responseStatus,
        'Reason': reason or f'See the details in CloudWatch Log Stream: {context.log_stream_name}',
        'PhysicalResourceId': physicalResourceId or context.log_stream_name,
        'StackId': event['StackId'],
        'RequestId': event['RequestId'],
        'LogicalResourceId': event['LogicalResourceId'],
        'NoEcho': noEcho,
        'Data': responseData,
    }
    data = json.dumps(body).encode()
    request = urllib.request.Request(event['ResponseURL'], data=data, method='PUT', headers={'content-type': ''})
    try:
        with urllib.request.urlopen(request) as response:
            print(f'Status code: {response.status}')
    except OSError as error:
        print(f'send(..) failed executing http.request(..): {error}')
`,
  },
};
