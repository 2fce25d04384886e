{
  "variables": {
    "xpf_version": "<!(node -p \"require('./package.json').version\")",
    "xpf_sanitize%": "",
    # A compiler that we do not know may warn of more: that is no reason not to install. Only a checkout has tests.
    "xpf_strict%": "<!(node -p \"Number(require('fs').existsSync('test'))\")",
    # xprofd is of a host, not of an application: a checkout has it, the package has not.
    "xpf_daemon%": "<!(node -p \"Number(require('fs').existsSync('src/daemon'))\")",
    # For prebuilt binaries (scripts/prebuild.js): a folder with lib/*.a and include/ in place of the system's libraries,
    "xpf_static_deps%": "",
    # and the C core as an archive: its objects are the same for all versions of Node, only the bridge is compiled.
    "xpf_core_archive%": "",
  },
  "target_defaults": {
    "include_dirs": ["include", "src", "<(SHARED_INTERMEDIATE_DIR)"],
    "defines": ["_GNU_SOURCE", "_FILE_OFFSET_BITS=64", "XPF_VERSION=\"<(xpf_version)\""],
    "cflags": ["-Wall", "-Wextra", "-fvisibility=hidden"],
    "cflags_c": ["-std=c11"],
    "conditions": [
      ["xpf_strict==1", {"cflags": ["-Werror"]}],
      # The checks that sanitizers add mislead the compiler's warnings.
      ["xpf_sanitize!=''", {
        "cflags": ["-fsanitize=<(xpf_sanitize)", "-fno-omit-frame-pointer", "-g", "-Wno-error"],
        "ldflags": ["-fsanitize=<(xpf_sanitize)"],
      }],
      ["xpf_static_deps!=''", {
        "include_dirs": ["<(xpf_static_deps)/include"],
        "cflags": ["-g", "-ffunction-sections", "-fdata-sections"],
        "ldflags": ["-L<(xpf_static_deps)/lib", "-Wl,--gc-sections"],
      }],
    ],
  },
  "targets": [
    {
      "target_name": "flamegraph_page",
      "type": "none",
      "actions": [
        {
          "action_name": "flamegraph_page",
          "inputs": ["<!@(node -p \"require('./scripts/flamegraph_page.js').inputs.join(' ')\")"],
          "outputs": ["<(SHARED_INTERMEDIATE_DIR)/flamegraph_page.c"],
          "action": ["node", "scripts/flamegraph_page.js", "<@(_outputs)"],
        },
      ],
    },
    {
      "target_name": "protobuf",
      "type": "none",
      "hard_dependency": 1,
      "actions": [
        {
          "action_name": "protoc-c",
          "inputs": ["src/format/pprof.proto"],
          "outputs": ["<(SHARED_INTERMEDIATE_DIR)/format/pprof.pb-c.c", "<(SHARED_INTERMEDIATE_DIR)/format/pprof.pb-c.h"],
          "action": ["protoc-c", "--proto_path=src", "--c_out=<(SHARED_INTERMEDIATE_DIR)", "src/format/pprof.proto"],
        },
      ],
    },
    {
      "target_name": "xprofiler",
      "dependencies": ["flamegraph_page", "protobuf"],
      "sources": [
        "<(SHARED_INTERMEDIATE_DIR)/flamegraph_page.c",
        "<(SHARED_INTERMEDIATE_DIR)/format/pprof.pb-c.c",
      ],
      "defines": ["NAPI_VERSION=8"],
      "libraries": ["-lcjson", "-lprotobuf-c"],
      "ldflags": ["-Wl,-z,nodelete", "-Wl,--no-undefined-version"],
      "cflags_cc": ["-Wno-unused-parameter"],
      "conditions": [
        ["xpf_core_archive==''", {
          "sources": ["<!@(node -p \"require('./scripts/sources.js').addon.join(' ')\")"],
        }, {
          "sources": ["<!@(node -p \"require('./scripts/sources.js').bridge.join(' ')\")"],
          "ldflags": ["-Wl,--whole-archive,<(xpf_core_archive),--no-whole-archive"],
        }],
        ["xpf_static_deps!=''", {
          "defines": ["XPF_GLIBC_FLOOR"],
          "cflags": ["-include", "host/glibc_floor.h"],
          "configurations": {"Release": {"cflags!": ["-O3"], "cflags": ["-O2"]}},
        }, {
          # A prebuilt addon uses the zlib inside Node; some builds of Node show none.
          "libraries": ["-lz"],
        }],
      ],
    },
    {
      "target_name": "xprofctl",
      "type": "executable",
      "dependencies": ["flamegraph_page", "protobuf"],
      "include_dirs!": ["<(node_root_dir)/include/node"],
      "sources": [
        "<!@(node -p \"require('./scripts/sources.js').ctl.join(' ')\")",
        "<(SHARED_INTERMEDIATE_DIR)/flamegraph_page.c",
        "<(SHARED_INTERMEDIATE_DIR)/format/pprof.pb-c.c",
      ],
      "libraries": ["-lcjson", "-lprotobuf-c", "-lz", "-lncursesw", "-ltinfo"],
      "ldflags": ["-Wl,--as-needed"],
      "conditions": [
        ["xpf_static_deps!=''", {
          "ldflags": ["-static"],
          "ldflags!": ["-rdynamic"],
          "configurations": {
            "Release": {
              "cflags!": ["-O3", "-fPIC", "-fno-omit-frame-pointer"],
              "cflags": ["-Os", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"],
            },
          },
        }],
      ],
    },
  ],
  "conditions": [
    ["xpf_daemon==1 and xpf_static_deps==''", {
      "targets": [
        {
          "target_name": "console",
          "type": "none",
          "actions": [
            {
              "action_name": "console",
              "inputs": ["<!@(node -p \"require('./scripts/console.js').inputs.join(' ')\")"],
              "outputs": ["<(SHARED_INTERMEDIATE_DIR)/console_file.c"],
              "action": ["node", "scripts/console.js", "--c", "<@(_outputs)"],
            },
          ],
        },
        {
          "target_name": "xprofd",
          "type": "executable",
          "dependencies": ["console", "flamegraph_page", "protobuf"],
          "include_dirs!": ["<(node_root_dir)/include/node"],
          "sources": [
            "<!@(node -p \"require('./scripts/sources.js').daemon.join(' ')\")",
            "<(SHARED_INTERMEDIATE_DIR)/console_file.c",
            "<(SHARED_INTERMEDIATE_DIR)/flamegraph_page.c",
            "<(SHARED_INTERMEDIATE_DIR)/format/pprof.pb-c.c",
          ],
          "libraries": ["-lcjson", "-lprotobuf-c", "-lz", "-lwebsockets", "-lssl", "-lcrypto", "-lsqlite3", "-luv"],
          "ldflags": ["-Wl,--as-needed"],
        },
      ],
    }],
  ],
}
