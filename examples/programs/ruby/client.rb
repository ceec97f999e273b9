# Calls the mesh with Faraday, once for each path on standard input, and prints a line with the status and the body.
#
#     echo /schedule/events | ruby client.rb
require 'faraday'
require_relative 'client_files'

MESH = 'https://mesh.example.com'

# The default adapter makes a connection for each request. An adapter that keeps connections also keeps their
# certificate, so a new certificate gets a new Faraday connection.
def connection
  options = ClientFiles.ssl_options
  return @connection if @options.equal?(options)

  @options = options
  @connection = Faraday.new(MESH, ssl: options, request: { timeout: 10 })
end

$stdout.sync = true
$stdin.each_line(chomp: true) do |path|
  response = connection.get(path)
  puts "#{response.status} #{response.body}"
rescue Faraday::Error => e
  puts "failed: #{e.message}"
end
