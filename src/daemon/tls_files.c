#include "daemon/tls_files.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static FILE *open_file(const char *setting, const char *path, char *why, size_t why_size) {
  FILE *file = fopen(path, "re");
  if (!file)
    snprintf(why, why_size, "%s: %.400s cannot be read: %s", setting, path, strerror(errno));
  return file;
}

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *buffer, int size, int is_writing, void *arg) {
  (void)buffer, (void)size, (void)is_writing, (void)arg;
  return -1;
}

static int refuse(const char *setting, const char *path, const char *what, char *why,
                  size_t why_size) {
  snprintf(why, why_size, "%s: %.400s %s", setting, path, what);
  return -EINVAL;
}

static int check_pair(X509 *cert, EVP_PKEY *key, const char *cert_path, const char *key_path,
                      char *why, size_t why_size) {
  if (!cert)
    return refuse("tls_cert", cert_path, "holds no certificate in PEM form", why, why_size);
  if (!key)
    return refuse("tls_key", key_path, "holds no private key in PEM form without a passphrase", why,
                  why_size);
  if (X509_check_private_key(cert, key) != 1)
    return refuse("tls_key", key_path, "is not the key of the certificate in tls_cert", why,
                  why_size);
  if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
    return refuse("tls_cert", cert_path, "has expired", why, why_size);
  return 0;
}

int xpf_tls_files_check(const char *cert, const char *key, char *why, size_t why_size) {
  FILE *cert_file = open_file("tls_cert", cert, why, why_size);
  FILE *key_file = cert_file ? open_file("tls_key", key, why, why_size) : NULL;
  int error = -EINVAL;
  if (cert_file && key_file) {
    X509 *x509 = PEM_read_X509(cert_file, NULL, no_passphrase, NULL);
    EVP_PKEY *private_key = PEM_read_PrivateKey(key_file, NULL, no_passphrase, NULL);
    error = check_pair(x509, private_key, cert, key, why, why_size);
    X509_free(x509);
    EVP_PKEY_free(private_key);
    ERR_clear_error();
  }
  if (cert_file)
    fclose(cert_file);
  if (key_file)
    fclose(key_file);
  return error;
}

int xpf_tls_files_load(const char *cert, const char *key, SSL_CTX **out, char *why,
                       size_t why_size) {
  *out = NULL;
  int error = xpf_tls_files_check(cert, key, why, why_size);
  if (error)
    return error;
  SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
  if (!tls)
    error = -ENOMEM;
  else if (SSL_CTX_use_certificate_chain_file(tls, cert) != 1)
    error = refuse("tls_cert", cert, "cannot be used as a chain of certificates", why, why_size);
  else if (SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1 ||
           SSL_CTX_check_private_key(tls) != 1)
    error = refuse("tls_key", key, "is not the key of the certificate in tls_cert", why, why_size);
  if (error) {
    if (error == -ENOMEM)
      snprintf(why, why_size, "tls_cert: out of memory");
    SSL_CTX_free(tls);
    tls = NULL;
  }
  ERR_clear_error();
  *out = tls;
  return error;
}
