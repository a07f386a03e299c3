{
  # Debug and sanitizer builds pass their flags through CXXFLAGS and LDFLAGS (scripts/sanitize.sh).
  'targets': [
    {
      'target_name': 'socketserver_native',
      'sources': [
        'src/accept.cc',
        'src/address.cc',
        'src/arguments.cc',
        'src/children.cc',
        'src/clone_into.cc',
        'src/connection.cc',
        'src/crossing.cc',
        'src/crossings.cc',
        'src/datagram_batch.cc',
        'src/datagram_port.cc',
        'src/environment.cc',
        'src/inbox.cc',
        'src/listener.cc',
        'src/mailbox.cc',
        'src/module.cc',
        'src/module_connections.cc',
        'src/module_crossings.cc',
        'src/module_datagrams.cc',
        'src/module_descriptors.cc',
        'src/module_listeners.cc',
        'src/module_processes.cc',
        'src/multicast.cc',
        'src/out_buffer.cc',
        'src/poller.cc',
        'src/process_start.cc',
        'src/slots.cc',
        'src/socket.cc',
        'src/vigil.cc',
      ],
      # Its threads and its signal handler may outlive the worker thread that loaded it.
      'ldflags': ['-Wl,-z,nodelete'],
      # Timers, in C libraries before glibc 2.34. [timer_create(2)]
      'libraries': ['-lrt'],
      # Version 8 is the first with asynchronous clean-up hooks, and any Node from 16 on has it.
      'defines': ['NAPI_VERSION=8', '_GNU_SOURCE'],
      'cflags_cc!': ['-std=gnu++20', '-std=gnu++17'],
      'cflags_cc': ['-std=c++17', '-Wall', '-Wextra', '-Wshadow', '-fvisibility=hidden'],
    },
  ],
}
