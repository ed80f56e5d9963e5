#pragma once

/// Certificates that tests make for themselves.

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace cormorant::testing {

/// A self-signed certificate for names as OpenSSL writes them: `IP:127.0.0.1`, `DNS:localhost`. The file is removed in the end.
class certificate {
public:
    explicit certificate(std::string const& subject_alternative_name);
    certificate(certificate const&) = delete;
    certificate& operator=(certificate const&) = delete;
    ~certificate();

    /// A server's context with this certificate.
    std::shared_ptr<boost::asio::ssl::context> server_context() const;
    /// A PEM file with certificate and key, which also does as the file of the authority.
    std::string const& file() const noexcept { return file_; }

private:
    std::string file_;
};

} // namespace cormorant::testing
