/* The version of the package; the build gives it. */
#ifndef XPF_VERSION_H
#define XPF_VERSION_H
#ifndef XPF_VERSION
#define XPF_VERSION "0.0.0"
#endif
#endif
