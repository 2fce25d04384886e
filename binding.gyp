{
  "variables": {
    "xpf_version": "<!(node -p \"require('./package.json').version\")",
    "xpf_sanitize%": "",
  },
  "target_defaults": {
    "include_dirs": ["include", "src"],
    "defines": ["_GNU_SOURCE", "_FILE_OFFSET_BITS=64", "XPF_VERSION=\"<(xpf_version)\""],
    "cflags": ["-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"],
    "cflags_c": ["-std=c11"],
    "conditions": [
      ["xpf_sanitize!=''", {
        "cflags": ["-fsanitize=<(xpf_sanitize)", "-fno-omit-frame-pointer", "-g", "-Wno-maybe-uninitialized"],
        "ldflags": ["-fsanitize=<(xpf_sanitize)"],
      }],
    ],
  },
  "targets": [
    {
      "target_name": "xprofiler",
      "sources": [
        "<!@(node -p \"require('./scripts/sources.js').addon.join(' ')\")",
      ],
      "defines": ["NAPI_VERSION=8"],
      "libraries": ["-lcjson"],
      "ldflags": ["-Wl,-z,nodelete", "-Wl,--no-undefined-version"],
      "cflags_cc": ["-Wno-unused-parameter"],
    },
    {
      "target_name": "xprofctl",
      "type": "executable",
      "include_dirs!": ["<(node_root_dir)/include/node"],
      "sources": [
        "<!@(node -p \"require('./scripts/sources.js').ctl.join(' ')\")",
      ],
      "libraries": ["-lcjson", "-lprotobuf-c", "-lz", "-lncursesw", "-ltinfo"],
      "ldflags": ["-Wl,--as-needed"],
    },
  ],
}
