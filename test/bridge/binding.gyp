{
  "targets": [
    {
      "target_name": "bridge_test",
      "sources": [
        "abuse.cc",
        "addon.c",
        "calls_cpu.c",
        "calls_heap.c",
        "calls_thread.c",
        "../../src/format/array.c",
        "../../src/format/id_table.c",
        "../../src/format/profile.c",
        "../../src/format/profile_time.c",
        "../../src/format/string_table.c",
        "../../src/format/sink.c",
        "<!@(node -p \"require('fs').readdirSync('../../src/bridge').filter((f) => f.endsWith('.cc')).map((f) => '../../src/bridge/' + f).join(' ')\")",
      ],
      "include_dirs": ["../../include", "../../src"],
      "defines": ["_GNU_SOURCE", "NAPI_VERSION=8"],
      "cflags": ["-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"],
      "cflags_c": ["-std=c11"],
      "cflags_cc": ["-Wno-unused-parameter"],
      "ldflags": ["-Wl,-z,nodelete"],
    },
  ],
}
