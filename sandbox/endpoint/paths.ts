/**
 * The host of the answers of custom resources. On AWS it is that of a bucket, `cloudformation-custom-resource-response-…`.
 * Here it has a name that never resolves (RFC 2606), so an answer can't leave this machine.
 */
export const RESPONSE_HOST = 'cloudformation-custom-resource-response.s3.invalid';

/** The path of the answers of custom resources. */
export const RESPONSES_PATH = '/custom-resource-responses/';

/** The path of function URLs, followed by the ID of the URL and a slash. On AWS, each function URL has its own host. */
export const FUNCTION_URLS_PATH = '/function-urls/';
