// Go's net package: a goroutine a connection, blocking calls.
package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

func echo(connection net.Conn) {
	buffer := make([]byte, 64*1024)
	for {
		count, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err := connection.Write(buffer[:count]); err != nil {
			return
		}
	}
}

// flushWhenDrained gathers the answers to what one read brought, as Go programs do with bufio.
func flushWhenDrained(reader *bufio.Reader, writer *bufio.Writer) error {
	if reader.Buffered() > 0 {
		return nil
	}
	return writer.Flush()
}

func lines(connection net.Conn) {
	reader, writer := bufio.NewReader(connection), bufio.NewWriter(connection)
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return
		}
		writer.Write(line)
		if flushWhenDrained(reader, writer) != nil {
			return
		}
	}
}

func frames(connection net.Conn) {
	reader, writer := bufio.NewReader(connection), bufio.NewWriter(connection)
	header := make([]byte, 4)
	payload := []byte{}
	for {
		if _, err := io.ReadFull(reader, header); err != nil {
			return
		}
		length := int(binary.BigEndian.Uint32(header))
		if cap(payload) < length {
			payload = make([]byte, length)
		}
		if _, err := io.ReadFull(reader, payload[:length]); err != nil {
			return
		}
		writer.Write(header)
		writer.Write(payload[:length])
		if flushWhenDrained(reader, writer) != nil {
			return
		}
	}
}

func source(connection net.Conn) {
	order, err := bufio.NewReader(connection).ReadString('\n')
	left, _ := strconv.Atoi(strings.TrimSpace(order))
	chunk := make([]byte, 64*1024)
	for err == nil && left > 0 {
		piece := chunk
		if left < len(chunk) {
			piece = chunk[:left]
		}
		_, err = connection.Write(piece)
		left -= len(piece)
	}
}

func sink(connection net.Conn) {
	buffer := make([]byte, 64*1024)
	received := 0
	for {
		count, err := connection.Read(buffer)
		received += count
		if err != nil {
			break
		}
	}
	fmt.Fprintf(connection, "%d", received)
}

func threadMicros() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_THREAD, &usage)
	return (usage.Utime.Sec+usage.Stime.Sec)*1e6 + usage.Utime.Usec + usage.Stime.Usec
}

func burn(connection net.Conn) {
	buffer := make([]byte, 64*1024)
	for {
		count, err := connection.Read(buffer)
		if err != nil {
			return
		}
		runtime.LockOSThread()
		for before := threadMicros(); threadMicros()-before < 5000; {
		}
		runtime.UnlockOSThread()
		connection.Write(buffer[:count])
	}
}

func serveDatagrams(port int) error {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return err
	}
	fmt.Println("listening", socket.LocalAddr().(*net.UDPAddr).Port)
	buffer := make([]byte, 2048)
	for {
		count, sender, err := socket.ReadFromUDPAddrPort(buffer)
		if err == nil {
			socket.WriteToUDPAddrPort(buffer[:count], sender)
		}
	}
}

func serveStreams(listener net.Listener, serve func(net.Conn)) error {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			serve(connection)
		}()
	}
}

func listen(transport, path string, port int) (net.Listener, error) {
	if transport == "unix" {
		listener, err := net.Listen("unix", path)
		fmt.Println("listening", path)
		return listener, err
	}
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	}
	return listener, err
}

func main() {
	transport := flag.String("transport", "tcp", "tcp, udp or unix")
	port := flag.Int("port", 0, "0 lets the system choose")
	path := flag.String("path", "", "of the Unix socket")
	workload := flag.String("workload", "echo", "echo, lines, frames, source, sink or burn")
	flag.Parse()
	workloads := map[string]func(net.Conn){
		"echo": echo, "lines": lines, "frames": frames, "source": source, "sink": sink, "burn": burn,
	}
	serve, known := workloads[*workload]
	if !known {
		fmt.Fprintln(os.Stderr, "echo.go does not serve", *workload)
		os.Exit(2)
	}
	var err error
	if *transport == "udp" {
		err = serveDatagrams(*port)
	} else {
		var listener net.Listener
		if listener, err = listen(*transport, *path, *port); err == nil {
			err = serveStreams(listener, serve)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
