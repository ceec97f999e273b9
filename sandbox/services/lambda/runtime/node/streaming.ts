/**
 * The global `awslambda` for handlers that stream their response, as a CommonJS module. The response is complete when
 * the handler has ended its stream. https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
 */
export const STREAMING = `
'use strict';
const { Writable } = require('node:stream');
const { finished } = require('node:stream/promises');

const MARK = Symbol.for('aws.lambda.runtime.handler.streaming');
const HTTP_RESPONSE = 'application/vnd.awslambda.http-integration-response';

class ResponseStream extends Writable {
  chunks = [];
  contentType = 'application/octet-stream';

  setContentType(contentType) {
    this.contentType = contentType;
  }

  _write(chunk, _encoding, done) {
    this.chunks.push(chunk);
    done();
  }
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[MARK] = 'response';
    return handler;
  },
  HttpResponseStream: {
    /** Status, headers, and cookies in JSON, and 8 octets of zero, stand in front of the body. */
    from(stream, metadata) {
      stream.setContentType(HTTP_RESPONSE);
      stream.write(JSON.stringify(metadata));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

exports.isStreaming = (handler) => handler[MARK] === 'response';

exports.runStreaming = async (handler, event, context) => {
  const stream = new ResponseStream();
  const ended = finished(stream);
  await Promise.all([ended, handler(event, stream, context)]);
  return { type: 'stream', bytes: Buffer.concat(stream.chunks).toString('base64'), contentType: stream.contentType };
};
`;
