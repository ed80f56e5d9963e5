#include "certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace cormorant::testing {

certificate::certificate(std::string const& subject_alternative_name) {
    auto path = (std::filesystem::temp_directory_path() / "cormorant-XXXXXX").string();
    int const descriptor = ::mkstemp(path.data());
    std::FILE* const out = descriptor < 0 ? nullptr : ::fdopen(descriptor, "w");
    if (out == nullptr)
        throw std::runtime_error("no temporary file");
    file_ = path;

    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    std::unique_ptr<X509, decltype(&X509_free)> const x509(X509_new(), X509_free);
    X509_set_version(x509.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
    X509_set_pubkey(x509.get(), key.get());
    X509_NAME* const name = X509_get_subject_name(x509.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("cormorant"), -1, -1, 0);
    X509_set_issuer_name(x509.get(), name);
    for (auto const& [id, text] : {std::pair(NID_basic_constraints, std::string("critical,CA:TRUE")),
             std::pair(NID_subject_alt_name, subject_alternative_name)}) {
        X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, text.c_str());
        X509_add_ext(x509.get(), extension, -1);
        X509_EXTENSION_free(extension);
    }
    X509_sign(x509.get(), key.get(), EVP_sha256());
    PEM_write_X509(out, x509.get());
    PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
}

certificate::~certificate() {
    std::filesystem::remove(file_);
}

std::shared_ptr<boost::asio::ssl::context> certificate::server_context() const {
    namespace ssl = boost::asio::ssl;
    auto const context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->use_certificate_chain_file(file_);
    context->use_private_key_file(file_, ssl::context::pem);
    return context;
}

} // namespace cormorant::testing
