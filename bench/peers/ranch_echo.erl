%% Ranch: Erlang's acceptor pool, a process a connection.
%%   erl -noshell -pa <ranch's ebin> <this build> -run ranch_echo main <port>
-module(ranch_echo).
-behaviour(ranch_protocol).
-export([main/1, start_link/3, init/2]).

main([Port]) ->
    {ok, _} = application:ensure_all_started(ranch),
    Options = #{num_acceptors => 10, max_connections => infinity,
                socket_opts => [{ip, {127, 0, 0, 1}}, {port, list_to_integer(Port)}, {backlog, 1024}, {nodelay, true}]},
    {ok, _} = ranch:start_listener(echo, ranch_tcp, Options, ?MODULE, []),
    io:format("listening ~b~n", [ranch:get_port(echo)]).

start_link(Ref, Transport, _Options) ->
    {ok, spawn_link(?MODULE, init, [Ref, Transport])}.

init(Ref, Transport) ->
    {ok, Socket} = ranch:handshake(Ref),
    loop(Socket, Transport).

loop(Socket, Transport) ->
    case Transport:recv(Socket, 0, infinity) of
        {ok, Bytes} ->
            ok = Transport:send(Socket, Bytes),
            loop(Socket, Transport);
        {error, _} ->
            Transport:close(Socket)
    end.
